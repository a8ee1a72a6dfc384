#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "gateway/store/rollups.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Days that begin or end elsewhere than when they were counted, because the store's calendar or the
/// machine's tzdata has changed. They wait in the table recompute_days and are counted anew one at a time,
/// each with the transaction that takes it from there, so a kill loses nothing. Days whose readings are gone
/// keep their numbers and are marked (daily_analytics.old_calendar).
/// Writer thread only, inside its transaction. Throws SqliteError.
class Recompute {
 public:
  struct Found {
    int waiting = 0;  ///< are to be counted anew
    int marked = 0;   ///< cannot be
  };

  Recompute(Database& db, Rollups& rollups);

  /// Holds where days began when they were counted (day_bounds) against the calendar as it is now. Roll-ups
  /// are to be flushed before.
  Found compare(UtcMs now);
  /// Whether days wait.
  [[nodiscard]] bool due() const { return due_; }
  /// Counts the oldest day that waits anew.
  void step(UtcMs now);
  /// Reads again whether days wait; after a rollback.
  void load();

 private:
  struct Bounds {
    std::int64_t begins = 0;
    std::int64_t ends = 0;
  };
  using Days = std::map<std::int64_t, Bounds>;

  Days noted();
  std::int64_t kept_from(const Days& days);
  void mark(std::int64_t day, UtcMs now);

  Database& db_;
  Rollups& rollups_;
  bool due_ = false;
};

}  // namespace lintel::store
