#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/finding.hpp"
#include "gateway/health/hours.hpp"

namespace lintel::health {

/// What one sensor counted in an hour that begins at `at`.
struct HourCount {
  UtcMs at{};
  std::int64_t in = 0, out = 0;

  [[nodiscard]] std::int64_t all() const { return in + out; }
};

/// One sensor as its own roll-ups tell of it: hours in order of time, those without people may be missing.
struct Door {
  std::int64_t sensor = 0;
  std::string name;
  std::vector<HourCount> hours;
  std::set<std::int64_t> blind_days{};  ///< days on which it was not counting for much of the time
};

/// How many pass at least, by hour of the week, learned from up to eight weeks. Zero until four of them are
/// known, so nobody is accused by it. Pure.
class Norm {
 public:
  static constexpr int kWeeks = 8;
  static constexpr int kWeeksNeeded = 4;

  Norm() = default;
  /// From the first hour of the door up to the last in which it counted anybody: a counter that is stuck now
  /// teaches nothing. With six weeks and more the emptiest one does not count: it was a holiday, or a defect.
  static Norm learn(const Door& door, const Hours& hours, UtcMs now);

  /// In the hour of the store's week in which an instant lies.
  [[nodiscard]] std::int64_t least(const Hours& hours, UtcMs at) const;
  /// How many should have passed in the open part of [from, to).
  [[nodiscard]] double expected(const Hours& hours, UtcMs from, UtcMs to) const;

 private:
  std::array<std::int32_t, 168> least_{};
};

/// The last days of a door, for stuck().
struct Recent {
  std::optional<UtcMs> last{};     ///< the end of the last hour in which it counted anybody
  std::vector<HourCount> hours{};  ///< in order
};

/// Whether a door has counted nobody for longer than its norm allows. `from` and `to` bound the time in which
/// it could have told. `others` are the store's other doors: when nobody passed there either, the store was
/// empty, and nobody is accused.
std::optional<Finding> stuck(const Norm& norm, const Recent& door, const std::vector<const Recent*>& others,
                             const Hours& hours, UtcMs from, UtcMs to);

/// Doors whose share of in and out, or whose share of the store's traffic, has left their own range of four
/// weeks: suddenly, for two whole days, or slowly, in most of a week. By sensor. Pure.
std::map<std::int64_t, std::vector<Finding>> odd_ratios(const std::vector<Door>& doors, const Hours& hours,
                                                        UtcMs now);

/// What went in and out of a closed set of doors in one day of the store.
struct Balance {
  std::int64_t in = 0, out = 0;
};
/// `days` are whole days on which every door of the set counted. Empty while all is well.
std::optional<Finding> unbalanced(const std::string& name, const std::map<std::int64_t, Balance>& days,
                                  std::int64_t today);

}  // namespace lintel::health
