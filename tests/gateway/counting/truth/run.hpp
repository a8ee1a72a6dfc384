#pragma once

#include <ostream>

#include "tests/gateway/counting/truth/judge.hpp"

namespace lintel::test::truth {

/// One door from beginning to end, through the real gateway; `out` is told what became of every message.
Verdict run(const Scenario& scenario, std::ostream* out = nullptr);

/// The fewest faults with which a scenario that fails still does, tried one by one.
Wish smallest(std::uint64_t seed, Wish wish);

}  // namespace lintel::test::truth
