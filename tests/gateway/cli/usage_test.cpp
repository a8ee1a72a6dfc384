// The usage lines of a verb are its grammar.
#include "gateway/cli/usage.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tests/gateway/cli/lintel_binary.hpp"

using namespace lintel;
using cli::Verb;

namespace {

constexpr Verb kVerb{"fetch",
                     "",
                     "lintel fetch list  [--link LINK] [--json]\n"
                     "lintel fetch now|later SENSOR... [--map LINE:in=CHANNEL]...\n"
                     "             [--limit N]\n"
                     "lintel fetch --cases FILE",
                     "",
                     "",
                     nullptr};

std::vector<std::string> names(const cli::Usage& usage) {
  std::vector<std::string> result;
  for (const auto& option : usage.options) result.push_back(option.name + "=" + option.value);
  return result;
}

std::string refusal(const std::vector<std::string>& words, const Verb& verb = kVerb) {
  const auto error = cli::unknown_option(verb, words);
  return error ? error->message : "";
}

}  // namespace

TEST_CASE("usage: actions, options with their values, and places are read from the lines") {
  const auto usage = cli::usage_of(kVerb);
  CHECK(usage.actions == std::vector<std::string>{"list", "now", "later"});
  CHECK(names(usage) == std::vector<std::string>{"--link=LINK", "--json=", "--map=LINE:in=CHANNEL",
                                                 "--limit=N", "--cases=FILE", "--config=FILE",
                                                 "--set=section.key=value"});
  CHECK(usage.places == std::vector<std::string>{"SENSOR"});
  auto alone = kVerb;
  alone.configured = false;
  CHECK(cli::usage_of(alone).options.size() == 5);
}

TEST_CASE(
    "usage: an option that the lines do not state is refused with the nearest, and never with its value") {
  CHECK(refusal({"list", "--jsn"}) == "unknown option --jsn, did you mean --json?");
  CHECK(refusal({"list", "--limt=hunter2"}) == "unknown option --limt, did you mean --limit?");
  CHECK(refusal({"-n"}).starts_with("unknown option -n, known are --link, "));
  CHECK(refusal({"list", "--link", "--odd-name", "--limit", "-5", "--json", "-", "-5"}).empty());
  CHECK(refusal({"--link=--odd"}).empty());
  Verb bare{"bare", "", "lintel bare", "", "", nullptr, false};
  CHECK(refusal({"--json"}, bare) == "unknown option --json, lintel bare takes none");
}

TEST_CASE("usage: every verb of the executable refuses an unknown option before it does anything") {
  std::istringstream lines(test::ask({"help"}).out);
  int verbs = 0;
  for (std::string line; std::getline(lines, line) && line != "exit codes";) {
    if (!line.starts_with("  ")) continue;
    const auto verb = line.substr(2, line.find(' ', 2) - 2);
    if (verb == "help") continue;
    INFO(verb);
    ++verbs;
    const auto answer = test::ask({verb, "--no-such-option"});
    CHECK(answer.code == 2);
    CHECK(answer.out.empty());
    CHECK(answer.err.find("unknown option --no-such-option") != std::string::npos);
  }
  CHECK(verbs > 15);
}

TEST_CASE("usage: an option that is stated is not refused by the verb as unknown") {
  // What a verb reads and what its usage states must not drift apart. Each option is given alone, with an
  // unusable configuration, so that nothing is done.
  std::istringstream lines(test::ask({"help"}).out);
  for (std::string line; std::getline(lines, line) && line != "exit codes";) {
    if (!line.starts_with("  ")) continue;
    const auto verb = line.substr(2, line.find(' ', 2) - 2);
    if (verb == "help" || verb == "run") continue;
    const auto help = test::ask({"help", verb}).out;
    const auto begin = help.find("\nusage\n") + 7;
    const auto usage = help.substr(begin, help.find("\n\n", begin) - begin);
    for (std::size_t at = 0; (at = usage.find("--", at)) != std::string::npos; at += 2) {
      const auto option = usage.substr(at, usage.find_first_of(" ]\n", at) - at);
      const auto answer = test::ask({verb, option}, {"LINTEL_CONFIG=/nowhere/gateway.conf"});
      INFO(verb << ' ' << option);
      CHECK(answer.err.find("unknown option") == std::string::npos);
      CHECK(answer.err.find("unrecognised") == std::string::npos);
    }
  }
}
