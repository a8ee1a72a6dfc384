#pragma once

#include <string>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/result.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/counting/counter.hpp"

namespace lintel::app {

/// Gives an observation its instants in UTC. The device's clock is used where it can be right (not unset,
/// not ahead of the arrival by more than ten minutes); else the arrival, marked kArrivalTime. Where it states
/// an age instead, that is taken from the arrival. Local times are read in `zone`. A window that ends before
/// it starts is `rejected`. The statement views the observation and must not outlive it.
Result<counting::Statement> resolve(const bridge::Observation& observation, const clock::Zone& zone,
                                    UtcMs arrival);

}  // namespace lintel::app
