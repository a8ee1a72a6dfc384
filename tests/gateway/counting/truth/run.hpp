#pragma once

#include <ostream>

#include "tests/gateway/counting/truth/judge.hpp"

namespace lintel::test::truth {

/// One door from beginning to end, through the real gateway; `out` is told what became of every message.
Verdict run(const Scenario& scenario, std::ostream* out = nullptr);

/// The faults without which a scenario that fails would not fail, tried one by one.
std::uint32_t needed_faults(std::uint64_t seed, std::uint32_t faults);

}  // namespace lintel::test::truth
