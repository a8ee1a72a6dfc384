// `lintel man` as man(1) prints it.
#include <doctest/doctest.h>

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "gateway/config/keys.hpp"
#include "tests/gateway/cli/lintel_binary.hpp"

using namespace lintel;
using test::Process;
using test::TempDir;
using test::text_of;

namespace {

/// Without backspaces, as `col -b` leaves it, and with roff's own hyphens as plain ones.
std::string shown(const std::string& roff) {
  const TempDir dir;
  std::ofstream(dir.path() / "page") << roff;
  const auto file = (dir.path() / "page").string(), out = (dir.path() / "out").string(),
             said = (dir.path() / "said").string();
  CHECK(Process::spawn({"sh", "-c",
                        "groff -ww -K utf8 -T ascii -P -cbou -rLL=78n -man '" + file + "' > '" + out +
                            "' 2> '" + said + "'"})
            .wait() == 0);
  CHECK(text_of(said).empty());
  if (::access("/usr/bin/man", X_OK) == 0) {
    CHECK(Process::spawn({"sh", "-c",
                          "LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l -Tutf8 -Z '" + file +
                              "' > /dev/null 2> '" + said + "'"})
              .wait() == 0);
    CHECK(text_of(said).empty());
  }
  return text_of(out);
}

bool groff() {
  if (::access("/usr/bin/groff", X_OK) == 0) return true;
  MESSAGE("SKIPPED: groff is not installed");
  return false;
}

}  // namespace

TEST_CASE("lintel man: the page has every verb with its example, the exit codes, and no complaint of roff") {
  const auto roff = test::ask({"man"}).out;
  CHECK(roff == test::ask({"man", "lintel"}).out);
  std::istringstream lines(test::ask({"help"}).out);
  for (std::string line; std::getline(lines, line) && line != "exit codes";) {
    if (!line.starts_with("  ")) continue;
    auto verb = line.substr(2, line.find(' ', 2) - 2);
    if (const auto dash = verb.find('-'); dash != std::string::npos) verb.insert(dash, "\\");
    CHECK_MESSAGE(roff.find("\n.SS " + verb + "\n") != std::string::npos, verb);
  }
  if (!groff()) return;
  const auto page = shown(roff);
  for (const auto* part :
       {"EXIT STATUS", "wrong usage or configuration", "lintel quarantine replay [ID...]", "--only CHECK",
        "lintel decoders show terabee-l-xl-m-json > my-counter.json", "NO_COLOR", "LINTEL_CONFIG"})
    CHECK_MESSAGE(page.find(part) != std::string::npos, part);
  std::istringstream shown_lines(page);
  for (std::string line; std::getline(shown_lines, line);) CHECK_MESSAGE(line.size() <= 100, line);
}

TEST_CASE("lintel man lintel.conf: the page has every key of every kind of file, with its default") {
  const auto roff = test::ask({"man", "lintel.conf"}).out;
  for (const auto keys :
       {config::gateway_keys(), config::mqtt_keys(), config::serial_keys(), config::modbus_keys(),
        config::http_keys(), config::poll_keys(), config::sensor_keys()}) {
    for (const auto& key : keys)
      CHECK_MESSAGE(roff.find("\n.B " + std::string(key.name) + "\n") != std::string::npos, key.name);
  }
  if (!groff()) return;
  const auto page = shown(roff);
  for (const auto* part : {"[storage]", "keep_days", "Default: 35.", "links.d, type = modbus", "pinned"})
    CHECK_MESSAGE(page.find(part) != std::string::npos, part);
}

TEST_CASE("lintel man: another page is answered with those there are") {
  CHECK(test::ask({"man", "lintl"}).err == "lintel: man lintl: unknown, did you mean lintel?\n");
}
