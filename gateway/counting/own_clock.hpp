#pragma once

#include "gateway/counting/counter.hpp"

namespace lintel::counting {

/// count(), and a note of what rests on the gateway's own unconfirmed clock (store::kUnconfirmed among the
/// statement's flags): the instants of the state, and whether the reading's start does (store::kStartOnOwn).
[[nodiscard]] Outcome count_on(SeriesState& state, const Statement& statement);

/// The clock was off: the noted instants move, and counting goes on from there. They are confirmed by that.
void shift(SeriesState& state, Millis by);

}  // namespace lintel::counting
