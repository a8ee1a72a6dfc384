// What `--json` prints is what gateway/cli/README.md says.
#include <doctest/doctest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tests/gateway/cli/broken_machine.hpp"

using namespace lintel;
using nlohmann::json;
using test::BrokenMachine;

namespace {

/// The row of the README's table for a verb.
std::string row_of(const std::string& verb) {
  std::istringstream lines(test::text_of(LINTEL_SOURCE_DIR "/gateway/cli/README.md"));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| `" + verb + "` |")) return line;
  return {};
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool names(const std::string& row, const std::string& key) {
  for (auto at = row.find(key); at != std::string::npos; at = row.find(key, at + 1)) {
    if ((at == 0 || !is_word(row[at - 1])) &&
        (at + key.size() == row.size() || !is_word(row[at + key.size()])))
      return true;
  }
  return false;
}

}  // namespace

TEST_CASE("lintel --json: every query prints one document, with the keys that the README names") {
  const BrokenMachine machine;
  machine.write("sensors.d/1.conf", "serial = 6789C3\nname = Main entrance\n");
  REQUIRE(machine.lintel({"discover"}).code == 0);  // makes the database
  const std::vector<std::vector<std::string>> queries{{"status"},
                                                      {"doctor"},
                                                      {"sensors", "list"},
                                                      {"discover"},
                                                      {"quarantine", "list"},
                                                      {"sync", "status"},
                                                      {"provision", "--status"},
                                                      {"config", "check"},
                                                      {"decoders", "list"},
                                                      {"quarantine", "replay"},
                                                      {"walk-test", "list"},
                                                      {"alerts", "list"},
                                                      {"db", "info"},
                                                      {"db", "check"}};
  for (auto words : queries) {
    auto verb = words[0];
    if (words.size() > 1) verb += " " + words[1];
    INFO(verb);
    words.push_back("--json");
    const auto answer = machine.lintel(words);
    const auto document = json::parse(answer.out, nullptr, false);
    REQUIRE_FALSE(document.is_discarded());
    const auto row = row_of(verb);
    REQUIRE_FALSE(row.empty());
    const auto object = document.is_array() ? (document.empty() ? json::object() : document[0]) : document;
    for (const auto& [key, value] : object.items()) CHECK_MESSAGE(names(row, key), key);
    if (verb == "doctor")
      for (const auto& [key, value] : object["checks"][0].items()) CHECK_MESSAGE(names(row, key), key);
  }
  CHECK(json::parse(test::ask({"version", "--json"}).out)["version"] == LINTEL_VERSION);
}

TEST_CASE("lintel --json: the README has the exit codes that help states") {
  const auto readme = test::text_of(LINTEL_SOURCE_DIR "/gateway/cli/README.md");
  const auto help = test::ask({"help"}).out;
  for (const auto* means :
       {"in order", "wrong usage or configuration", "temporary failure, try again later"}) {
    CHECK(readme.find(means) != std::string::npos);
    CHECK(help.find(means) != std::string::npos);
  }
}

TEST_CASE("lintel: a file with almost that name is offered") {
  const BrokenMachine machine;
  const auto folder = machine.dir().string();
  CHECK(test::ask({"status", "--config", folder + "/gatway.conf"}).err ==
        "lintel: " + folder + "/gatway.conf: there is no such file, did you mean " + folder +
            "/gateway.conf?\n");
  machine.write("payload.json", "{}");
  CHECK(test::ask({"decode", "milesight-vs125", folder + "/paylod.json"})
            .err.find("did you mean " + folder + "/payload.json?") != std::string::npos);
}
