#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// A row of a raw table: a line's counts, or a region's occupancy.
struct Reading {
  std::string line;
  std::string region;
  UtcMs started{};
  Millis duration{0};
  std::optional<std::int64_t> count_in, count_out, occupancy;
  std::int64_t flags = 0;
};

/// Reads the raw tables for one sensor. Their key begins with the time, so a sensor's rows are looked for
/// in the hours of which hourly_analytics knows. SqliteError leaves every function.
class SensorReadings {
 public:
  struct Page {
    std::vector<Reading> rows;         ///< the newest first
    std::optional<UtcMs> next_before;  ///< there may be more that started before this
  };

  explicit SensorReadings(store::Database& reader);

  /// The one that ended last, of all lines and regions. Also absent when the hour of that reading holds so
  /// many of other sensors that the search would take longer than about 20 ms.
  std::optional<Reading> latest(std::int64_t sensor);

  /// Those that started in [from, to). Ends after `limit` rows (readings of one instant stay together) or
  /// about 40 ms, whichever comes first. SQLITE_INTERRUPT when a single hour takes much longer.
  Page between(std::int64_t sensor, UtcMs from, UtcMs to, std::size_t limit);

 private:
  std::optional<UtcMs> start_hour_before(std::int64_t sensor, UtcMs hour);
  void add_lines(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to, std::size_t most);
  void add_regions(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to, std::size_t most);
  void add_long(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to, std::size_t most);

  store::Database& db_;
  store::Statement hour_, lines_, regions_, long_;
};

}  // namespace lintel::status
