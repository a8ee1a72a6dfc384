#include "gateway/sync/series.hpp"

#include <algorithm>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

constexpr std::size_t kLongestShared = 900;  // HQ takes 1,000 bytes

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

void Series::append_json(std::string& out, const std::string& id, bool packed) const {
  out += "{\"sensor\":";
  out += id;
  append_key(out, region_ ? "region" : "line");
  append_json_string(out, name_);
  append_times(out);
  append_durations(out);
  for (const auto& column : counts(packed)) {
    append_key(out, column.key);
    out += column.list;
  }
  append_unless_default(out, "seq", &Reading::seq, 0);
  append_unless_default(out, "rev", &Reading::revision, 1);
  append_unless_default(out, "flags", &Reading::flags, 0);
  append_moves(out);
  out += '}';
}

std::optional<std::string> Series::shared() const {
  const bool plain = moves_.empty() && counted() && all(&Reading::seq, 0) && all(&Reading::revision, 1) &&
                     all(&Reading::flags, 0) && all(&Reading::duration, readings_.front().duration);
  if (!plain || (readings_.size() > 1 && steady_step() == 0)) return std::nullopt;
  std::string out = region_ ? "\"region\":" : "\"line\":";
  append_json_string(out, name_);
  if (readings_.size() > 1) {
    append_key(out, "step");
    append_number(out, steady_step());
  }
  append_durations(out);
  if (out.size() > kLongestShared) return std::nullopt;
  return out;
}

/// Somewhere the length of the series has to show: in a list of counts, or else in the list of starts.
bool Series::counted() const {
  return !all(&Reading::count_in, kNoCount) || !all(&Reading::count_out, kNoCount);
}

/// The time between any two readings; 0: there are not two, or it varies.
std::int64_t Series::steady_step() const {
  if (readings_.size() < 2) return 0;
  const auto step = readings_[1].started_at - readings_[0].started_at;
  for (std::size_t k = 2; k < readings_.size(); ++k) {
    if (readings_[k].started_at - readings_[k - 1].started_at != step) return 0;
  }
  return std::max<std::int64_t>(step, 0);
}

void Series::append_times(std::string& out) const {
  append_key(out, "t");
  append_number(out, start());
  if (readings_.size() == 1 && counted()) return;
  if (const auto step = steady_step(); step > 0 && counted()) {
    append_key(out, "step");
    append_number(out, step);
  } else {
    append_column(out, "d", readings_,
                  [&](const Reading& reading) { append_number(out, reading.started_at - start()); });
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

std::vector<Series::Column> Series::counts(bool packed) const {
  std::vector<Column> out;
  const auto add = [&](const char* key, std::int64_t Reading::*column) {
    if (!all(column, kNoCount)) out.push_back({key, list_of(column, packed)});
  };
  add(region_ ? "occ" : "in", &Reading::count_in);
  if (!region_) add("out", &Reading::count_out);
  return out;
}

std::string Series::list_of(std::int64_t Reading::*column, bool packed) const {
  const bool digits = packed && readings_.size() > 2 &&
                      std::all_of(readings_.begin(), readings_.end(), [&](const Reading& reading) {
                        return reading.*column >= 0 && reading.*column <= 9;
                      });
  std::string out = digits ? "\":" : "\"";
  for (const auto& reading : readings_) {
    if (!digits && &reading != &readings_.front()) out += ',';
    if (reading.*column != kNoCount) append_number(out, reading.*column);
  }
  return out += '"';
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
