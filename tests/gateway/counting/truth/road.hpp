#pragma once

#include <vector>

#include "tests/gateway/counting/truth/device.hpp"

namespace lintel::test::truth {

/// A message that reaches the gateway.
struct Arrival {
  const Message* message = nullptr;
  UtcMs at{};
  bool retained = false;
};

/// What of a device's messages arrives, when, in which order and how often.
std::vector<Arrival> travel(const Scenario& scenario, const Life& life);

}  // namespace lintel::test::truth
