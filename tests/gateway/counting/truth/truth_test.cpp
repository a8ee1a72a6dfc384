// Doors with a known truth, through the real gateway: what is counted is never more than passed, and whoever
// is missing passed at a time that is not covered.
//
// A failing door is printed with the command that replays it: LINTEL_SIM_SEED=N LINTEL_SIM_FAULTS=BITS.
// LINTEL_SIM_TRACE=1 prints what became of every message; LINTEL_SIM_RUNS says how many doors there are, from
// LINTEL_SIM_SEED on, and LINTEL_SIM_FAILURES after how many that fail to stop. LINTEL_SIM_FAULTS are the
// faults that a door may have, LINTEL_SIM_ALSO those that every door has, LINTEL_SIM_LONGER multiplies their
// days.
#include <cstdlib>
#include <iostream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/counting/truth/run.hpp"

using namespace lintel::test::truth;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

std::string settings_of(const Wish& wish) {
  std::string text = fmt::format(" LINTEL_SIM_FAULTS={}", wish.only);
  if (wish.also != 0) text += fmt::format(" LINTEL_SIM_ALSO={}", wish.also);
  if (wish.longer != 1) text += fmt::format(" LINTEL_SIM_LONGER={}", wish.longer);
  return text;
}

std::string report(const Scenario& scenario, const Verdict& verdict, const Wish& wish) {
  const auto needed = smallest(scenario.seed, wish);
  std::string text = fmt::format("{}\nreplay: LINTEL_SIM_SEED={}{} test_truth\n", describe(scenario),
                                 scenario.seed, settings_of(needed));
  const auto smaller = scenario_of(scenario.seed, needed);
  for (const auto& sentence : run(smaller).broken) text += sentence + "\n";
  text += fmt::format("needs: {}\n", describe(smaller));
  return text + fmt::format("first seen: {}", verdict.broken.front());
}

}  // namespace

TEST_CASE("truth: no door counts more than passed, and who is missing passed at a time that is not covered") {
  const auto seed = setting("LINTEL_SIM_SEED", 0);
  const auto first = seed == 0 ? 1 : seed;
  const auto runs = setting("LINTEL_SIM_RUNS", seed == 0 ? 200 : 1);
  const Wish wish{static_cast<std::uint32_t>(setting("LINTEL_SIM_FAULTS", kAllFaults)),
                  static_cast<std::uint32_t>(setting("LINTEL_SIM_ALSO", 0)),
                  static_cast<int>(setting("LINTEL_SIM_LONGER", 1))};
  const auto most_failures = setting("LINTEL_SIM_FAILURES", 10);
  Verdict sum;
  std::uint64_t failed = 0;
  for (std::uint64_t i = first; i < first + runs && failed < most_failures; ++i) {
    const auto scenario = scenario_of(i, wish);
    const auto verdict = run(scenario, setting("LINTEL_SIM_TRACE", 0) != 0 ? &std::cout : nullptr);
    if (!verdict.broken.empty()) {
      ++failed;
      FAIL_CHECK(report(scenario, verdict, wish));
    }
    if (runs == 1) std::cout << describe(scenario) << "\n";
    sum.people += verdict.people;
    sum.counted += verdict.counted;
    sum.estimated += verdict.estimated;
    sum.in_covered_time += verdict.in_covered_time;
    sum.hidden_by_resets += verdict.hidden_by_resets;
  }
  std::cout << fmt::format(
      "{} doors, {} people: {} counted, {} estimated; {} passed in covered time, {} of them hidden by resets "
      "that "
      "nothing shows\n",
      runs, sum.people, sum.counted, sum.estimated, sum.in_covered_time, sum.hidden_by_resets);
  // A simulator in which nobody is counted would keep every promise.
  if (runs > 100) CHECK(sum.counted > sum.people / 2);
}
