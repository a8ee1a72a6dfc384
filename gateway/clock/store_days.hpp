#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/clock/zone.hpp"

namespace lintel::clock {

/// Days since 1970-01-01 of the store's own calendar.
using StoreDay = std::int32_t;

/// What of a store's calendar holds from a day on.
struct CalendarPeriod {
  std::optional<StoreDay> from;  ///< nothing: since ever
  std::string timezone;
  int day_start_minute = 0;

  friend bool operator==(const CalendarPeriod&, const CalendarPeriod&) = default;
};
/// A store's calendar, oldest first; the first period holds since ever.
using CalendarPeriods = std::vector<CalendarPeriod>;

/// Reads `[{"from": null, "timezone": "Europe/Berlin", "day_start_minute": 0}, {"from": "2026-11-01", …}]`,
/// as stores.calendar has it at both ends. `rejected` when it is none; a zone is not looked up.
Result<CalendarPeriods> parse_periods(const nlohmann::json& value);
Result<CalendarPeriods> parse_periods(const std::string& text);
std::string to_text(const CalendarPeriods& periods);

/// "2026-11-01"; nullopt when the text is no day of the calendar.
std::optional<StoreDay> parse_day(std::string_view text);
std::string format_day(StoreDay day);

/// The periods with another zone and start of day from a day on; what was planned for later goes.
CalendarPeriods changed_from(CalendarPeriods periods, StoreDay from, const std::string& timezone,
                             int day_start_minute);
/// The same from the first day that has begun in neither calendar, so that no day that is over or running
/// moves. Fails when a zone is not in this machine's tzdata.
Result<CalendarPeriods> changed_from_now(const CalendarPeriods& periods, const std::string& timezone,
                                         int day_start_minute, UtcMs now);

/// Tells the day of an instant, and where a day begins. A day begins at the first instant at which the clock
/// on the store's wall shows its start or later, and ends where the next one begins: every instant has one
/// day, a day has 23 or 25 hours at a change of the clocks, one that a zone has skipped is empty, and the one
/// before a change of the calendar is longer or shorter. schema/postgres/deploy/store_days.sql says the same.
///
/// Remembers the last day, since readings come in order: one thread at a time.
class StoreDays {
 public:
  /// Days of a store that never changed its calendar; they start `day_start` after midnight.
  StoreDays(Zone zone, std::chrono::minutes day_start);
  /// Fails when there is no period, or one whose zone is not in this machine's tzdata.
  static Result<StoreDays> make(const CalendarPeriods& periods);

  [[nodiscard]] StoreDay day(UtcMs instant) const;
  [[nodiscard]] UtcMs begin(StoreDay day) const;
  /// The zone of the newest period.
  [[nodiscard]] const Zone& zone() const { return periods_.back().zone; }

 private:
  struct Period {
    StoreDay from;
    Zone zone;
    std::chrono::minutes day_start;
    UtcMs starts;  ///< holds from this instant on
  };
  StoreDays() = default;
  void add(StoreDay from, Zone zone, std::chrono::minutes day_start);

  std::vector<Period> periods_;
  mutable UtcMs cached_begin_{};
  mutable UtcMs cached_end_{};
  mutable StoreDay cached_day_ = 0;
};

/// The version of this machine's tzdata, for example "2025b"; empty where it does not say.
std::string tzdata_version();

}  // namespace lintel::clock
