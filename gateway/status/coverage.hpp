#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/coverage.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// Whether the store is closed throughout [from, to).
using Closed = std::function<bool(UtcMs from, UtcMs to)>;

/// A series that was silent for longer is not expected any more.
constexpr Millis kStillExpected = std::chrono::days{7};

/// How old the end of a series' last span may be while it counts: growth is written every five minutes at the
/// latest, and sensors report when their window is over. `interval`: how often it reports; 0: not known.
Millis lag_of(Millis interval);

/// What a time was in which this share was counted: counted | partly | missing | closed.
const char* state_of(double covered, bool closed, bool anybody);

/// A share to three digits.
double rounded_share(double share);

/// How the hours of a store's day went for its sensors, so far: counted (perhaps nobody), partly or not
/// counted, closed. Computed from the tables `coverage` and `hourly_analytics`. SqliteError leaves it.
class DayCoverage {
 public:
  /// The day that began at `begin`; `closed` may be empty: open all day.
  DayCoverage(store::Database& reader, UtcMs begin, UtcMs now, Closed closed);

  struct Sensor {
    std::int64_t id = 0;
    UtcMs known_since{};  ///< nobody misses what it did not count before
    Millis interval{0};   ///< how often it reports; 0: not known
  };
  /// `coverage` (share of the open time; null: nothing is known), `missing_since`, `hours` [{at, in, out,
  /// covered, state: counted | partly | missing | closed}]. Counts are null where nobody counted.
  [[nodiscard]] nlohmann::json of(const Sensor& sensor);

 private:
  struct Counts {
    std::int64_t in = 0, out = 0;
  };
  struct Known;
  void read_spans(store::Database& reader);
  void read_counts(store::Database& reader);
  [[nodiscard]] std::optional<UtcMs> counted_until(std::int64_t sensor, const Known& known);
  [[nodiscard]] nlohmann::json hour(const Sensor& sensor, const Known& known, UtcMs from, UtcMs to) const;

  const UtcMs begin_, now_;
  const Closed closed_;
  std::map<store::CoverageSeries, std::vector<store::CoverageSpan>> spans_;
  std::map<std::pair<std::int64_t, std::int64_t>, Counts> counts_;  ///< by sensor and hour
  store::Statement last_;
};

/// What is known of a sensor's series in [from, to), cut to it: [{line | region, from, to, state}].
nlohmann::json coverage_between(store::Database& reader, std::int64_t sensor, UtcMs from, UtcMs to);

}  // namespace lintel::status
