#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "gateway/store/reading.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// One bucket of hourly_analytics or daily_analytics. `slot` is the hour's start in ms, or the day.
struct Bucket {
  std::int64_t sensor = 0;
  std::int64_t slot = 0;
  std::string line;
  std::string region;

  friend bool operator==(const Bucket&, const Bucket&) = default;
  friend auto operator<=>(const Bucket&, const Bucket&) = default;
};

struct BucketHash {
  std::size_t operator()(const Bucket& b) const noexcept {
    std::size_t h = std::hash<std::string>{}(b.line) ^ (std::hash<std::string>{}(b.region) << 1);
    h = h * 31 + static_cast<std::size_t>(b.slot);
    return h * 31 + static_cast<std::size_t>(b.sensor);
  }
};

/// The calendar roll-ups need: the store's day of an instant, and where a day begins.
struct Calendar {
  std::function<std::int64_t(UtcMs)> day;
  std::function<UtcMs(std::int64_t)> begin;
};

/// Keeps hourly_analytics and daily_analytics equal to the raw tables. New readings add up in memory
/// until flush(); buckets of a changed reading are computed anew from raw rows. Writer thread only.
class Rollups {
 public:
  Rollups(Database& db, Calendar calendar);

  void add(std::int64_t sensor, std::string_view line, const Reading& reading);
  void add(std::int64_t sensor, std::string_view region, const Presence& presence);
  /// The row at these times changed or went: its buckets are recomputed at the next flush.
  void touch(std::int64_t sensor, std::string_view line, UtcMs started, Millis duration);
  void touch_region(std::int64_t sensor, std::string_view region, UtcMs at);

  /// Readings before this instant may be gone: buckets of before keep what they hold.
  void keep_before(UtcMs instant) { kept_before_ = instant; }

  /// Whether all that is `uncertainty` or less away from the instant lies in the same buckets.
  [[nodiscard]] bool pinned(UtcMs instant, Millis uncertainty) const;

  [[nodiscard]] const Calendar& calendar() const { return calendar_; }

  /// Hears of every row of a line: with the reading if it is new, with its times alone if it has changed or
  /// gone. Called inside the writer's transaction; it must not touch the raw tables.
  using Watch =
      std::function<void(std::int64_t sensor, std::string_view line, const Reading& times, bool fresh)>;
  void set_watch(Watch watch) { watch_ = std::move(watch); }

  /// Writes what has gathered, inside the caller's transaction.
  void flush(UtcMs now);
  /// Forgets what has gathered, after a rollback.
  void discard();

  /// From here on days are by this calendar; what has gathered is to be flushed before.
  void set_calendar(Calendar calendar);
  /// Sets all buckets of a day to what the raw rows add up to by the calendar as it is. Flushes before.
  void recount(std::int64_t day, UtcMs now);
  /// Writes down where the day begins and ends.
  void note(std::int64_t day);

 private:
  struct Sum {
    std::int64_t in = 0, out = 0;
    std::int64_t unallocated_in = 0, unallocated_out = 0;
    std::int64_t estimated_in = 0, estimated_out = 0;
    std::optional<std::int64_t> occupancy_max;
    std::int64_t readings = 0;
  };
  void write_hour(const Bucket& bucket, const Sum& sum, UtcMs now);
  void write_day(const Bucket& bucket, const Sum& sum, UtcMs now);
  void recompute_hour(const Bucket& bucket, UtcMs now);
  void recompute_day(const Bucket& bucket, UtcMs now);
  /// Adds what the region's readings without these flags say; a whole device is line and region at once.
  void add_region(const Bucket& bucket, UtcMs from, UtcMs to, std::uint32_t without, Sum& sum);
  void note_new(std::int64_t day);
  void forget_gathered();

  Database& db_;
  Calendar calendar_;
  UtcMs kept_before_{};
  Watch watch_;
  Statement add_hour_, add_day_, clear_hour_, clear_day_, sum_hour_, sum_day_, sum_region_, note_new_;
  std::set<std::int64_t> noted_;  ///< days whose bounds are written down
  std::unordered_map<Bucket, Sum, BucketHash> hours_, days_;
  std::set<Bucket> dirty_hours_, dirty_days_;
};

/// Adds up the hours that have readings and no bucket, as after damage; of those whose readings may be gone
/// none.
void add_missing_hours(Database& db);

}  // namespace lintel::store
