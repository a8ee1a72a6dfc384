// Doors with a known truth, through the real gateway: what is counted is never more than passed, and whoever
// is missing passed at a time that is not covered.
//
// A failing door is printed with the command that replays it: LINTEL_SIM_SEED=N [LINTEL_SIM_FAULTS=BITS].
// LINTEL_SIM_TRACE=1 prints what became of every message; LINTEL_SIM_RUNS says how many doors there are.
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

std::string report(const Scenario& scenario, const Verdict& verdict) {
  const auto needed = needed_faults(scenario.seed, scenario.faults);
  std::string text = fmt::format("{}\nreplay: LINTEL_SIM_SEED={} LINTEL_SIM_FAULTS={} test_truth\n",
                                 describe(scenario), scenario.seed, needed);
  for (const auto& sentence : run(scenario_of(scenario.seed, needed)).broken) text += sentence + "\n";
  text += fmt::format("needs: {}\n", describe(scenario_of(scenario.seed, needed)));
  return text + fmt::format("first seen: {}", verdict.broken.front());
}

}  // namespace

TEST_CASE("truth: no door counts more than passed, and who is missing passed at a time that is not covered") {
  const auto seed = setting("LINTEL_SIM_SEED", 0);
  const auto first = seed == 0 ? 1 : seed;
  const auto runs = seed == 0 ? setting("LINTEL_SIM_RUNS", 200) : 1;
  const auto faults = static_cast<std::uint32_t>(setting("LINTEL_SIM_FAULTS", kAllFaults));
  Verdict sum;
  int failed = 0;
  for (std::uint64_t i = first; i < first + runs && failed < 10; ++i) {
    const auto scenario = scenario_of(i, faults);
    const auto verdict = run(scenario, setting("LINTEL_SIM_TRACE", 0) != 0 ? &std::cout : nullptr);
    if (!verdict.broken.empty()) {
      ++failed;
      FAIL_CHECK(report(scenario, verdict));
    }
    if (seed != 0) std::cout << describe(scenario) << "\n";
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
  if (seed == 0) CHECK(sum.counted > sum.people / 2);
}
