#pragma once

#include <string>
#include <vector>

#include "tests/gateway/counting/truth/gateway.hpp"

namespace lintel::test::truth {

/// How a run ended, and what could not be known in it.
struct Verdict {
  std::vector<std::string> broken;  ///< promises, each a sentence with its numbers; empty: all held
  std::int64_t people = 0;          ///< whom the device has seen
  std::int64_t counted = 0;
  std::int64_t estimated = 0;
  std::int64_t in_covered_time = 0;   ///< people who passed while everybody is said to be counted
  std::int64_t hidden_by_resets = 0;  ///< people lost to resets that nothing shows
};

/// Holds what the gateway counted against what was true.
Verdict judge(const Scenario& scenario, const Life& life, const Gateway& gateway);

}  // namespace lintel::test::truth
