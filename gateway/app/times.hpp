#pragma once

#include <string>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/result.hpp"
#include "gateway/app/device_clock.hpp"
#include "gateway/clock/clock.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/counting/counter.hpp"

namespace lintel::app {

/// Gives an observation its instants in UTC. The device's clock is used where it can be right (not unset,
/// not ahead of the arrival by more than ten minutes, and `device` has no fault); else the arrival, marked
/// kArrivalTime. Where it states an age instead, that is taken from the arrival. What rests on the arrival is
/// marked as the arrival is known: kUnconfirmed, kBounded. Local times are read in `zone`. A window that ends
/// before it starts is `rejected`. The statement views the observation and must not outlive it. `device` is
/// null where nothing is known of it; it is told what was stated.
Result<counting::Statement> resolve(const bridge::Observation& observation, const clock::Zone& zone,
                                    const clock::Arrival& arrival, DeviceClock* device = nullptr);

}  // namespace lintel::app
