#pragma once

#include <vector>

#include "tests/gateway/counting/truth/scenario.hpp"

namespace lintel::test::truth {

/// Somebody passes the door.
struct Passage {
  UtcMs at{};
  bool in = true;
};

/// Everybody who passes, in order: mostly while the shop is open, sometimes a coach load, now and then
/// somebody at night.
std::vector<Passage> people(const Scenario& scenario);

}  // namespace lintel::test::truth
