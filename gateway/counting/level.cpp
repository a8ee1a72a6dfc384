#include "gateway/counting/level.hpp"

namespace lintel::counting {

bool is_news(LevelState& state, UtcMs at, std::optional<std::int64_t> occupancy) {
  const bool first = state.at == UtcMs{};
  if (!first && at < state.at) return true;  // history: what holds now stays what it is
  if (!first && occupancy == state.occupancy && at - state.at < kLevelHolds) return false;
  state = {occupancy, at};
  return true;
}

}  // namespace lintel::counting
