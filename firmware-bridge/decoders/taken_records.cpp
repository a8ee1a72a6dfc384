#include "firmware-bridge/decoders/taken_records.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kRuns = 4;
constexpr std::size_t kRanges = 16;

/// Takes a hexadecimal number off the front.
std::optional<std::uint64_t> number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

// "run:begin-end,begin-end run:begin-end"
TakenRecords::TakenRecords(std::string_view note) {
  while (!note.empty()) {
    auto text = note.substr(0, note.find(' '));
    note.remove_prefix(std::min(text.size() + 1, note.size()));
    const auto run = number(text);
    if (!run || !text.starts_with(':')) continue;
    Run entry{static_cast<std::uint32_t>(*run), {}};
    while (!text.empty()) {
      text.remove_prefix(1);  // the colon or a comma
      const auto begin = number(text);
      if (!begin || !text.starts_with('-')) break;
      text.remove_prefix(1);
      const auto end = number(text);
      if (!end || *end <= *begin) break;
      entry.ranges.push_back({*begin, *end});
    }
    if (!entry.ranges.empty()) runs_.push_back(std::move(entry));
  }
}

TakenRecords::Run& TakenRecords::latest(std::uint32_t run) {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.run == run; });
  if (found != runs_.end()) {
    std::rotate(found, found + 1, runs_.end());
  } else {
    if (runs_.size() >= kRuns) runs_.erase(runs_.begin());
    runs_.push_back({run, {}});
  }
  return runs_.back();
}

bool TakenRecords::take(std::uint32_t run, std::uint32_t record) {
  auto& ranges = latest(run).ranges;
  const auto above =
      std::find_if(ranges.begin(), ranges.end(), [&](const Range& range) { return record < range.end; });
  if (above != ranges.end() && record >= above->begin) return false;
  const bool joins_above = above != ranges.end() && record + std::uint64_t{1} == above->begin;
  const bool joins_below = above != ranges.begin() && (above - 1)->end == record;
  if (joins_below && joins_above) {
    (above - 1)->end = above->end;
    ranges.erase(above);
  } else if (joins_below) {
    ++(above - 1)->end;
  } else if (joins_above) {
    --above->begin;
  } else {
    ranges.insert(above, {record, record + std::uint64_t{1}});
  }
  if (ranges.size() > kRanges) {
    ranges[1].begin = ranges[0].begin;
    ranges.erase(ranges.begin());
  }
  return true;
}

std::uint64_t TakenRecords::end(std::uint32_t run) const {
  const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& r) { return r.run == run; });
  return found == runs_.end() || found->ranges.empty() ? 0 : found->ranges.back().end;
}

void TakenRecords::forget(std::uint32_t run) {
  std::erase_if(runs_, [&](const Run& r) { return r.run == run; });
}

std::string TakenRecords::note() const {
  std::string text;
  for (const auto& [run, ranges] : runs_) {
    text += fmt::format("{}{:x}", text.empty() ? "" : " ", run);
    for (const auto& range : ranges) {
      text += fmt::format("{}{:x}-{:x}", &range == ranges.data() ? ':' : ',', range.begin, range.end);
    }
  }
  return text;
}

}  // namespace lintel::bridge::decoders
