#include "gateway/counting/series.hpp"

#include "gateway/counting/own_clock.hpp"

namespace lintel::counting {

SeriesStates::SeriesStates(store::Database& db)
    : select_(db.prepare("select sensor_id, line, state from counter_state")),
      save_(db.prepare("insert into counter_state (sensor_id, line, state) values (?, ?, ?) "
                       "on conflict do update set state = excluded.state")),
      firsts_(db) {
  load();
}

SeriesState& SeriesStates::of(std::int64_t sensor, std::string_view line) {
  Entry& entry = entries_[{sensor, std::string(line)}];
  entry.touched = true;
  return entry.state;
}

const SeriesState* SeriesStates::look(std::int64_t sensor, std::string_view line) const {
  const auto found = entries_.find({sensor, std::string(line)});
  return found == entries_.end() ? nullptr : &found->second.state;
}

std::vector<std::string> SeriesStates::lines_of(std::int64_t sensor) const {
  std::vector<std::string> lines;
  for (const auto& [key, entry] : entries_) {
    if (key.sensor == sensor) lines.push_back(key.line);
  }
  return lines;
}

void SeriesStates::change_device(std::int64_t sensor, std::int64_t by) {
  for (const auto& line : lines_of(sensor)) swap_device(of(sensor, line));
  if (by == 0) return;
  for (const auto& line : lines_of(by)) {
    const SeriesState heard = *look(by, line);
    of(sensor, line) = heard;
  }
}

LevelState& SeriesStates::level_of(std::int64_t sensor, std::string_view region) {
  return levels_[{sensor, std::string(region)}];
}

void SeriesStates::shift(Millis by) {
  for (auto& [key, entry] : entries_) {
    if (entry.state.unconfirmed == 0) continue;
    counting::shift(entry.state, by);
    entry.touched = true;
  }
  levels_.clear();
  firsts_.shift(by);
}

void SeriesStates::flush() {
  for (auto& [key, entry] : entries_) {
    if (!entry.touched) continue;
    save_.bind(key.sensor, key.line, to_json(entry.state)).run();
    entry.touched = false;
  }
}

void SeriesStates::load() {
  entries_.clear();
  levels_.clear();
  while (select_.step()) {
    Entry entry;
    from_json(select_.text(2), entry.state);
    entries_.emplace(Key{select_.integer(0), std::string(select_.text(1))}, entry);
  }
  select_.reset();
}

}  // namespace lintel::counting
