// The executable as a person or a script meets it.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tests/gateway/cli/lintel_binary.hpp"

namespace {

using lintel::test::Answer;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Answer ask(const std::vector<std::string>& args) {
  return lintel::test::ask(args);
}

/// The verbs that the list of `lintel help` names.
std::vector<std::string> verbs() {
  std::istringstream lines(ask({"help"}).out);
  std::vector<std::string> result;
  bool listing = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("exit codes")) break;
    if (line.starts_with("usage:")) listing = true;
    if (listing && line.starts_with("  ")) result.push_back(line.substr(2, line.find(' ', 2) - 2));
  }
  return result;
}

}  // namespace

TEST_CASE("lintel: help lists the verbs and what the exit codes mean") {
  for (const auto* word : {"help", "--help", "-h"}) {
    const auto answer = ask({word});
    CHECK(answer.code == 0);
    CHECK(contains(answer.out, "usage: lintel VERB"));
    for (const auto* code : {"  0  ", "  1  ", "  2  ", "  3  "}) CHECK(contains(answer.out, code));
    CHECK(answer.err.empty());
  }
  const auto known = verbs();
  for (const auto* verb : {"decoders", "config", "version", "help"}) {
    CHECK(std::find(known.begin(), known.end(), verb) != known.end());
  }
}

TEST_CASE("lintel: the help of each verb has a usage and fits 80 columns") {
  for (const auto& verb : verbs()) {
    INFO(verb);
    const auto answer = ask({"help", verb});
    CHECK(answer.code == 0);
    CHECK(contains(answer.out, "usage"));
    std::istringstream lines(answer.out + ask({"help"}).out);
    for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 80, line);
    CHECK(contains(answer.out, "\nexample\n"));
    if (verb == "help") continue;
    CHECK(ask({verb, "--help"}).out == answer.out);
    CHECK(ask({verb, "-h"}).code == 0);
  }
}

TEST_CASE("lintel: without a verb it shows the list on standard error and ends with 2") {
  const auto answer = ask({});
  CHECK(answer.code == 2);
  CHECK(answer.out.empty());
  CHECK(contains(answer.err, "usage: lintel VERB"));
}

TEST_CASE("lintel: a mistyped verb is answered with the nearest one and 2") {
  const auto mistyped = ask({"confg", "check"});
  CHECK(mistyped.code == 2);
  CHECK(mistyped.err == "lintel: unknown verb confg, did you mean config?\n");
  CHECK(ask({"help", "decodrs"}).err == "lintel: unknown verb decodrs, did you mean decoders?\n");
  CHECK(contains(ask({"frobnicate"}).err, "lintel: unknown verb frobnicate, known are "));
  CHECK(ask({"--json"}).err ==
        "lintel: the verb comes first, before option --json, for example: lintel status\n");
}

TEST_CASE("lintel: version names the version") {
  for (const auto* word : {"version", "--version", "-V"}) {
    const auto answer = ask({word});
    CHECK(answer.code == 0);
    CHECK(answer.out == "lintel " LINTEL_VERSION "\n");
  }
}

TEST_CASE("lintel: decoders lists every decoder with what it understands") {
  const auto answer = ask({"decoders"});
  CHECK(answer.code == 0);
  for (const auto* name :
       {"milesight-vs125", "milesight-vs133-vs135", "st-vl53l1x-arduino-lines", "tasmota-counter"}) {
    const auto at = answer.out.find(std::string(name) + " ");
    REQUIRE(at != std::string::npos);
    CHECK((at == 0 || answer.out[at - 1] == '\n'));
  }
  std::istringstream lines(answer.out);
  for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 80, line);
  CHECK(contains(ask({"decoders", "--json"}).out, "\"name\": \"milesight-vs125\""));
  CHECK(ask({"decoders", "all"}).err == "lintel: decoders all: unknown, known are list, show, check\n");
}

TEST_CASE("lintel: a reader that leaves early is no failure, a full disk is") {
  CHECK(lintel::test::ask({"help"}, {}, "> /dev/full").code == 3);
  CHECK(lintel::test::ask({"help"}, {}, "> /dev/full").err ==
        "lintel: the output could not be written, is the disk full?\n");
  const lintel::test::TempDir dir;
  const auto codes = (dir.path() / "codes").string();
  // The reader is gone for certain before the first byte is written: it is waited for.
  const std::string script = "mkfifo '" + codes + ".fifo'; { sleep 0 < '" + codes + ".fifo'; } & exec 3> '" +
                             codes + ".fifo'; wait; '" LINTEL_BINARY "' help >&3 2> '" + codes +
                             ".err'; echo $? > '" + codes + "'";
  CHECK(lintel::test::Process::spawn({"sh", "-c", script}).wait() == 0);
  CHECK(lintel::test::text_of(codes) == "0\n");
  CHECK(lintel::test::text_of(codes + ".err").empty());
}

TEST_CASE("lintel: colour is for a terminal, and not where NO_COLOR is set") {
  const lintel::test::TempDir dir;
  const auto seen = (dir.path() / "seen").string();
  const auto on_terminal = [&](const std::string& environment) {
    const auto script = "env " + environment +
                        " script -qec \"'" LINTEL_BINARY "' doctor --only disk\" /dev/null > '" + seen +
                        "' < /dev/null";
    CHECK(lintel::test::Process::spawn({"sh", "-c", script}, {"TERM=xterm"}).wait() == 0);
    return lintel::test::text_of(seen);
  };
  CHECK(contains(on_terminal("LINTEL_GATEWAY_STATE_DIR=/tmp"), "\x1b[32mok "));
  const auto plain = on_terminal("LINTEL_GATEWAY_STATE_DIR=/tmp NO_COLOR=1");
  CHECK(contains(plain, "ok         disk: "));
  CHECK_FALSE(contains(plain, "\x1b"));
}
