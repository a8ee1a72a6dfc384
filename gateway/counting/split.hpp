#pragma once

#include <functional>
#include <vector>

#include "gateway/counting/occupancy.hpp"
#include "gateway/store/reading.hpp"
#include "gateway/store/rollups.hpp"

namespace lintel::counting {

/// How much of a span people are likely to have come in; zero: none of it. The length itself, where nobody
/// knows opening hours.
using Weigh = std::function<Millis(UtcMs from, UtcMs to)>;

/// The time in which the store is open; empty where nobody knows when that is.
Weigh weigh_by(OpenSpans open);

/// The shares of a total's reading in the store days that it reaches into.
///
/// A reading over more than an hour that crosses the beginning of a store day says how many people came, and
/// nothing says on which side of midnight. Its days get shares by `weigh`, or by time where that finds
/// nothing in the whole span (it is closed throughout), each a reading marked kEstimated that lies within one
/// day; together they are exact, in either direction. Any other reading comes back alone and unchanged:
/// windows (a device may state them again), what is not longer than an hour (it belongs to its last instant),
/// and a span in which nobody came (there is nothing to share out). A reading is not split into more than 400
/// days.
std::vector<store::Reading> split_by_day(const store::Reading& reading, const store::Calendar& calendar,
                                         const Weigh& weigh = {});

}  // namespace lintel::counting
