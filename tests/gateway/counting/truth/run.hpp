#pragma once

#include "tests/gateway/counting/truth/judge.hpp"

namespace lintel::test::truth {

/// One door from beginning to end, through the real gateway.
Verdict run(const Scenario& scenario);

/// The faults without which a scenario that fails would not fail, tried one by one.
std::uint32_t needed_faults(std::uint64_t seed, std::uint32_t faults);

}  // namespace lintel::test::truth
