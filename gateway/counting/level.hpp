#pragma once

#include <cstdint>
#include <optional>

#include "firmware-bridge/core/time.hpp"

namespace lintel::counting {

/// The last level of a series that was recorded.
struct LevelState {
  std::optional<std::int64_t> occupancy;
  UtcMs at{};
};

/// A level that has not changed is recorded again after this time, as a sign of life.
constexpr Millis kLevelHolds = std::chrono::minutes{1};

/// Whether a level says something new: it differs from the last recorded one, or that one is kLevelHolds old,
/// or it belongs before that one. A radar states its level ten times a second; most of that is no news. The
/// state moves on where the answer is yes.
[[nodiscard]] bool is_news(LevelState& state, UtcMs at, std::optional<std::int64_t> occupancy);

}  // namespace lintel::counting
