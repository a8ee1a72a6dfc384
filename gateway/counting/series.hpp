#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/counting/carry.hpp"
#include "gateway/counting/counter.hpp"
#include "gateway/counting/level.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::counting {

/// The states of all series, loaded once and written with the readings they led to. Writer thread only.
class SeriesStates {
 public:
  explicit SeriesStates(store::Database& db);

  /// State of a sensor's line; a fresh one for a series that was never heard. The reference holds until
  /// the next load(). The caller may change it: it is written at the next flush().
  SeriesState& of(std::int64_t sensor, std::string_view line);

  /// The same without making one: null for a series that was never heard.
  [[nodiscard]] const SeriesState* look(std::int64_t sensor, std::string_view line) const;

  /// The lines of a sensor that were heard.
  [[nodiscard]] std::vector<std::string> lines_of(std::int64_t sensor) const;

  /// Another device counts behind the door of a sensor. `by`: the sensor under which it was counted until
  /// now, whose lines go on here; 0: it was not heard before, and its first totals are baselines.
  void change_device(std::int64_t sensor, std::int64_t by);

  /// The level of a sensor's region that was recorded last. Not stored: after a start or a rollback the next
  /// level is recorded once more, which adds nothing. The reference holds until the next load().
  LevelState& level_of(std::int64_t sensor, std::string_view region);

  /// The gateway's own clock was off by that: what was told on it moves (own_clock.hpp). Zero: it was right.
  void shift(Millis by);

  /// The totals with which series began here.
  FirstTotals& firsts() { return firsts_; }

  void flush();
  /// Reads the table anew, after a rollback.
  void load();

 private:
  struct Key {
    std::int64_t sensor;
    std::string line;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string>{}(key.line) * 31 + static_cast<std::size_t>(key.sensor);
    }
  };
  struct Entry {
    SeriesState state;
    bool touched = false;
  };

  store::Statement select_, save_;
  FirstTotals firsts_;
  std::unordered_map<Key, Entry, Hash> entries_;
  std::unordered_map<Key, LevelState, Hash> levels_;
};

}  // namespace lintel::counting
