#pragma once

#include <vector>

#include "gateway/clock/clock.hpp"

namespace lintel::clock {

/// What is known of one boot.
struct Boot {
  BootId id{};
  Offset offset{};
  BootTime last{};  ///< its clock when it was last seen
};

/// Boots without a time, placed between what is known around them: each after the last known instant of the
/// boot before and ended before the next one with a time began. `boots` are in the order in which they were.
/// The time that the machine was off is shared out evenly between them; the uncertainty is the way to the
/// farther bound. Before the first boot that had a time at all the build date is the bound, and the estimate
/// the latest that is possible. Boots after the last one with a time are not placed: their own time may come
/// yet. Returns those that have been placed.
std::vector<Boot> place_between(const std::vector<Boot>& boots, UtcMs build_date);

}  // namespace lintel::clock
