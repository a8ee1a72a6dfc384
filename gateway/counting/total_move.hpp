#pragma once

#include <cstdint>
#include <optional>

#include "gateway/counting/counter.hpp"

namespace lintel::counting {

/// What a total says about one direction.
struct Move {
  std::int64_t moved = 0;
  Rule rule = Rule::increment;
};

/// What of a series and a statement decides about both directions alike.
struct Setting {
  bool began_anew = false;  ///< another run of the counter
  bool restarted = false;   ///< the device has started since the last total
  Millis silence{};
  Millis usual_gap{};
};

/// More people than can have passed a door in a time: two a second for an hour, two thousand an hour beyond.
std::int64_t most_people(Millis time);

/// What it means that a direction, which has a last total, shows `now`. Pure.
Move move_of(const Channel& channel, std::int64_t now, std::optional<std::int64_t> wraps_at,
             const Setting& setting);

/// The rule that tells most about a statement that moved both directions.
Rule weightier(Rule a, Rule b);

}  // namespace lintel::counting
