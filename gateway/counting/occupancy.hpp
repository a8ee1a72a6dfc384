#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/reading.hpp"
#include "gateway/store/rollups.hpp"

namespace lintel::counting {

/// From one reset of the people present to the next. A reading belongs to the period of its last instant.
struct OccupancyPeriod {
  UtcMs from{};
  UtcMs to{};
  std::int64_t day = 0;  ///< the store's day in which it began

  [[nodiscard]] bool holds(UtcMs at) const { return at >= from && at < to; }
  friend bool operator==(const OccupancyPeriod&, const OccupancyPeriod&) = default;
};

/// When the store is open between two instants: ascending, apart from each other. Empty function: nobody
/// said. Spans that reach beyond the two instants may be cut there.
using OpenSpans = std::function<std::vector<std::pair<UtcMs, UtcMs>>(UtcMs from, UtcMs to)>;

/// After closing there are people at the tills and on their way out.
constexpr Millis kClosingGrace = std::chrono::minutes{30};

/// The period of an instant. People present are reset a while after each closing, and when a day of the store
/// begins while it is closed: nobody is there then, whatever was counted. A store that opens again before the
/// while is over did not close. One that says no hours, or is open around the clock, is reset when its day
/// begins.
OccupancyPeriod occupancy_period(UtcMs at, const store::Calendar& calendar, const OpenSpans& open = {},
                                 Millis grace = kClosingGrace);

/// People who passed the lines of a region up to an instant, seen from inside the region.
struct Passage {
  UtcMs at{};
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool certain = true;  ///< false: estimated, or told of more than an hour at once
};

/// What a reading moves, in a region into which its `out` leads if `out_is_in`. Nothing if it is voided.
std::optional<Passage> passage_of(const store::Reading& reading, bool out_is_in);

/// The people present in a region since the last reset. Counting devices miss some people, so that a balance
/// drifts: below zero it is cut off, and what is left at closing is dropped. Both are kept and shown.
struct Occupancy {
  OccupancyPeriod period;
  std::int64_t present = 0;
  std::int64_t below_zero = 0;  ///< people who left and had never come
  bool uncertain = false;       ///< something in it is no exact count, until the next reset
  UtcMs at{};                   ///< last instant that has been taken

  // The people of one instant come and go together, in whatever order they are told.
  std::int64_t present_before = 0;
  std::int64_t below_zero_before = 0;
  std::int64_t moved = 0;  ///< at `at`
};

/// Nobody is present.
Occupancy begin_occupancy(const OccupancyPeriod& period);

/// False, and nothing is taken, where it lies outside of the period or before what has been taken: what
/// was cut off since depends on it, so the period has to be reckoned again from all of its passages.
[[nodiscard]] bool take(Occupancy& occupancy, const Passage& passage);

struct OccupancyLevel {
  UtcMs at{};
  std::int64_t present = 0;
  bool uncertain = false;

  friend bool operator==(const OccupancyLevel&, const OccupancyLevel&) = default;
};

/// A whole period, from passages in any order; those of other periods are left out.
struct OccupancyWalk {
  Occupancy end;
  std::vector<OccupancyLevel> levels;  ///< the first is nobody, at the reset; then one for each instant
};
OccupancyWalk walk(const OccupancyPeriod& period, std::vector<Passage> passages);

/// What held at an instant of the period.
OccupancyLevel level_at(const OccupancyWalk& walk, UtcMs at);

}  // namespace lintel::counting
