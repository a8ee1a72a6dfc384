// `lintel status` beside a gateway that is up, down, or stopped in the middle of whatever it was doing.
#include <doctest/doctest.h>

#include <chrono>

#include "gateway/cli/status.hpp"
#include "tests/gateway/cli/broken_machine.hpp"

using namespace lintel;
using test::BrokenMachine;

namespace {

using Time = std::chrono::steady_clock::duration;

/// The shortest of some runs: what the machine needs when it is not busy with something else.
Time shortest(const BrokenMachine& machine, const char* state) {
  auto best = Time::max();
  for (int run = 0; run < 7; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = machine.lintel({"status", "--json"});
    best = std::min(best, std::chrono::steady_clock::now() - begin);
    CHECK(nlohmann::json::parse(answer.out)["gateway"]["state"] == state);
  }
  return best;
}

}  // namespace

TEST_CASE("lintel status: a gateway that hangs costs what it is waited for, and nothing more") {
  BrokenMachine machine;
  machine.start();
  machine.process().kill(SIGSTOP);
  const auto hung = shortest(machine, "silent");
  machine.process().kill(SIGCONT);
  machine.stop();
  const auto down = shortest(machine, "stopped");
  // One question, not several one after the other: the same work, give or take, and one wait.
  CHECK(hung - down < 2 * cli::kStatusAnswerWithin + down / 2);
}

TEST_CASE(
    "lintel: with a gateway that hangs, queries answer from the database and changes say that it hangs") {
  BrokenMachine machine;
  machine.start();
  machine.process().kill(SIGSTOP);
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"sensors"}, {"quarantine", "list"}, {"sync"}}) {
    const auto answer = machine.lintel(words);
    INFO(words.front() << answer.err);
    CHECK((answer.code == 0 || answer.code == 1));
  }
  machine.process().kill(SIGCONT);
}
