#include "gateway/sync/series.hpp"

#include <algorithm>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

void append_key(std::string& out, const char* key) {
  out += ",\"";
  out += key;
  out += "\":";
}

/// A comma separated column in one JSON string.
template <typename Readings, typename Append>
void append_column(std::string& out, const char* key, const Readings& readings, Append append) {
  append_key(out, key);
  out += '"';
  bool first = true;
  for (const auto& reading : readings) {
    if (!first) out += ',';
    first = false;
    append(reading);
  }
  out += '"';
}

}  // namespace

void Series::add(const Reading& reading) {
  readings_.push_back(reading);
}

void Series::add_move(std::int64_t started_at, std::int64_t seq) {
  moves_.push_back({readings_.size() - 1, started_at, seq});
}

std::size_t Series::width(const Reading& reading) const {
  const auto first = readings_.empty() ? reading.started_at : readings_.front().started_at;
  const auto count = [](std::int64_t value) { return value == kNoCount ? 0 : number_width(value); };
  constexpr std::size_t kCommas = 7;
  return number_width(reading.started_at - first) + number_width(reading.duration) + count(reading.count_in) +
         count(reading.count_out) + number_width(reading.seq) + number_width(reading.revision) +
         number_width(reading.flags) + kCommas;
}

bool Series::all(std::int64_t Reading::*column, std::int64_t value) const {
  return std::all_of(readings_.begin(), readings_.end(),
                     [&](const Reading& reading) { return reading.*column == value; });
}

void Series::append_json(std::string& out, const std::string& id) const {
  out += "{\"sensor\":";
  out += id;
  append_key(out, region_ ? "region" : "line");
  append_json_string(out, name_);
  append_times(out);
  append_durations(out);
  if (region_) {
    append_counts(out, "occ", &Reading::count_in);
  } else {
    append_counts(out, "in", &Reading::count_in);
    append_counts(out, "out", &Reading::count_out);
  }
  append_unless_default(out, "seq", &Reading::seq, 0);
  append_unless_default(out, "rev", &Reading::revision, 1);
  append_unless_default(out, "flags", &Reading::flags, 0);
  append_moves(out);
  out += '}';
}

void Series::append_times(std::string& out) const {
  const auto first = readings_.front().started_at;
  append_key(out, "t");
  append_number(out, first);
  // Somewhere the length of the series has to show: in a list of counts, or else in the list of starts.
  const bool counted = !all(&Reading::count_in, kNoCount) || !all(&Reading::count_out, kNoCount);
  if (readings_.size() == 1 && counted) return;

  const auto step = readings_.size() > 1 ? readings_[1].started_at - first : 0;
  bool steady = step > 0 && counted;
  for (std::size_t k = 1; steady && k < readings_.size(); ++k) {
    steady = readings_[k].started_at - readings_[k - 1].started_at == step;
  }
  if (steady) {
    append_key(out, "step");
    append_number(out, step);
  } else {
    append_column(out, "d", readings_,
                  [&](const Reading& reading) { append_number(out, reading.started_at - first); });
  }
}

void Series::append_durations(std::string& out) const {
  const auto first = readings_.front().duration;
  if (!all(&Reading::duration, first)) {
    append_column(out, "durs", readings_,
                  [&](const Reading& reading) { append_number(out, reading.duration); });
  } else if (first != 0) {
    append_key(out, "dur");
    append_number(out, first);
  }
}

void Series::append_counts(std::string& out, const char* key, std::int64_t Reading::*column) const {
  if (all(column, kNoCount)) return;
  append_column(out, key, readings_, [&](const Reading& reading) {
    if (reading.*column != kNoCount) append_number(out, reading.*column);
  });
}

void Series::append_unless_default(std::string& out, const char* key, std::int64_t Reading::*column,
                                   std::int64_t usual) const {
  if (all(column, usual)) return;
  append_column(out, key, readings_, [&](const Reading& reading) { append_number(out, reading.*column); });
}

void Series::append_moves(std::string& out) const {
  if (moves_.empty()) return;
  append_key(out, "moved");
  char separator = '[';
  for (const auto& move : moves_) {
    out += separator;
    separator = ',';
    out += "{\"k\":";
    append_number(out, static_cast<std::int64_t>(move.position));
    append_key(out, "t");
    append_number(out, move.started_at);
    append_key(out, "seq");
    append_number(out, move.seq);
    out += '}';
  }
  out += ']';
}

}  // namespace lintel::sync
