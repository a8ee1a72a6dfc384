#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// A line at which people come into a region or leave it.
struct CountedFrom {
  std::string sensor;      ///< serial
  std::string line;        ///< empty: the whole device
  bool out_is_in = false;  ///< the line's `out` leads into the region

  friend bool operator==(const CountedFrom&, const CountedFrom&) = default;
};

/// What `region_configurations.settings` says of a region that is counted, here and at HQ; empty: its sensor
/// tells itself how many are there.
///
///     {"counted_from": [{"sensor": "6789C30012340001", "line": "1"},
///                       {"sensor": "6789C30012340002", "line": "2", "out_is_in": true}]}
///
/// A door between two regions stands in both, once with `out_is_in`. `rejected` with the place when a value
/// cannot be what it is to be. Other keys beside `counted_from` are kept and mean nothing.
Result<std::vector<CountedFrom>> counted_from(const nlohmann::json& settings);
nlohmann::json counted_from_json(const std::vector<CountedFrom>& lines);

/// A region as a file of sensors.d describes it.
struct RegionInFile {
  std::string serial;  ///< of the sensor that it belongs to
  std::string region;
  std::string name;  ///< empty: the region's key
  std::optional<std::int64_t> capacity;
  std::vector<CountedFrom> from;
  bool pinned = false;
};

/// A region as it holds: HQ's, else the file's; a file that is pinned first.
struct Region {
  std::int64_t sensor = 0;
  std::string serial;
  std::string public_id;
  std::string region;
  std::string name;
  std::optional<std::int64_t> capacity;
  std::vector<CountedFrom> from;
};

/// How far counting has drifted in a counted region from one reset to the next.
struct OccupancyDrift {
  UtcMs from{}, to{};
  std::int64_t day = 0;                   ///< the store's day in which it began
  std::int64_t below_zero = 0;            ///< people who left and had never come
  std::optional<std::int64_t> left_over;  ///< still present when it ended; nothing: it has not ended

  bool uncertain = false;

  friend bool operator==(const OccupancyDrift&, const OccupancyDrift&) = default;
};

/// region_configurations of the mirror, with what its metadata adds:
///   file      true: the row comes from sensors.d
///   in_force  what a pinned file says against HQ: {"name", "capacity", "settings"}
/// and occupancy_periods. Writer thread, inside its transaction; SqliteError leaves every call.
class Regions {
 public:
  static constexpr Millis kKept = std::chrono::hours{24 * 40};  ///< how long drift is kept

  Regions(Database& db, std::string store_public_id);

  /// Brings the rows to what the files say.
  void settle(const std::vector<RegionInFile>& files, UtcMs now);
  /// Those in force. Settings that cannot be understood make no counted region.
  [[nodiscard]] std::vector<Region> in_force();

  /// In place of what is there of that time.
  void keep(std::int64_t sensor, std::string_view region, const OccupancyDrift& drift);
  /// The newest of a region that was over by then, and of which nobody said how it ended.
  [[nodiscard]] std::optional<OccupancyDrift> unfinished(std::int64_t sensor, std::string_view region,
                                                         UtcMs by);

 private:
  void write(const RegionInFile& file, std::int64_t sensor, UtcMs now);

  Database& db_;
  std::string store_public_id_;
  Statement replace_, drift_, forget_;
};

/// Opens and resolves the alerts of regions that hold too many people. Such an alert is open once, and ends
/// by itself when fewer than 95 % of the capacity are there.
class CapacityAlerts {
 public:
  explicit CapacityAlerts(Database& db);

  /// True: something was written.
  bool judge(const Region& region, std::int64_t present, UtcMs now);
  /// Ends those of regions that are not configured any more.
  void keep_only(const std::vector<Region>& regions, UtcMs now);
  /// Reads the table anew, after a rollback.
  void load();

 private:
  void resolve(const std::string& key, UtcMs now);

  Database& db_;
  std::vector<std::string> open_;  ///< dedup keys
};

}  // namespace lintel::store
