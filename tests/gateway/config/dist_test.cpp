// The example files that are shipped say what the program does.
#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/config/keys.hpp"
#include "tests/gateway/config/configured.hpp"
#include "tests/support/text_file.hpp"

namespace {

namespace fs = std::filesystem;
using lintel::test::Configured;

const fs::path kDist = LINTEL_DIST_DIR;

/// Prose comments begin with "# ", keys that are at their default with "#".
std::string uncommented(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    const bool key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    result += (key ? line.substr(1) : line) + '\n';
  }
  return result;
}

/// "hq.url = " for each key that the text states, commented out or not.
std::vector<std::string> stated(const std::string& text) {
  std::istringstream lines(uncommented(text));
  std::vector<std::string> result;
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      section = line.substr(1, line.size() - 2) + ".";
    } else {
      result.push_back(section + line.substr(0, line.find(' ')));
    }
  }
  return result;
}

void check_states_all(const std::vector<std::string>& names, std::span<const lintel::config::Key> keys) {
  for (const auto& key : keys) {
    INFO(key.full_name());
    CHECK(std::find(names.begin(), names.end(), key.full_name()) != names.end());
  }
}

}  // namespace

TEST_CASE("dist: gateway.conf documents every key once and no other") {
  const auto names = stated(lintel::test::text_of(kDist / "gateway.conf"));
  check_states_all(names, lintel::config::gateway_keys());
  CHECK(names.size() == lintel::config::gateway_keys().size());
}

TEST_CASE("dist: gateway.conf with every key taken out of its comment still means the defaults") {
  const auto text = lintel::test::text_of(kDist / "gateway.conf");
  for (const auto& variant : {text, uncommented(text)}) {
    const auto config = Configured().write("gateway.conf", variant).load();
    REQUIRE_MESSAGE(config.has_value(), config.error().message);
    const lintel::config::Config defaults;
    CHECK(config->store_id == defaults.store_id);
    CHECK(config->store_name == defaults.store_name);
    CHECK(config->timezone == defaults.timezone);
    CHECK(config->day_start_minute == defaults.day_start_minute);
    CHECK(config->gateway_name == defaults.gateway_name);
    CHECK(config->state_dir == defaults.state_dir);
    CHECK(config->spool_dir == defaults.spool_dir);
    CHECK(config->spool_limit_bytes == defaults.spool_limit_bytes);
    CHECK(config->commit_interval == defaults.commit_interval);
    CHECK(config->relaxed == defaults.relaxed);
    CHECK(config->listen == defaults.listen);
    CHECK(config->allowed_hosts == defaults.allowed_hosts);
    CHECK(config->ingest_listen == defaults.ingest_listen);
    CHECK(config->hq_url == defaults.hq_url);
    CHECK(config->hq_api_key == defaults.hq_api_key);
    CHECK(config->hq_credential_file == defaults.hq_credential_file);
    CHECK(config->hq_ca_file == defaults.hq_ca_file);
    CHECK(config->hq_interval == defaults.hq_interval);
    CHECK(config->offline_after == defaults.offline_after);
  }
}

TEST_CASE("dist: the examples of links and sensors load once they are renamed, and state every key") {
  const auto broker = lintel::test::text_of(kDist / "links.d/broker.conf.example");
  const auto door = lintel::test::text_of(kDist / "links.d/door.conf.example");
  const auto camera = lintel::test::text_of(kDist / "links.d/camera.conf.example");
  const auto pushed = lintel::test::text_of(kDist / "links.d/pushed.conf.example");
  const auto bus = lintel::test::text_of(kDist / "links.d/bus.conf.example");
  const auto sensor = lintel::test::text_of(kDist / "sensors.d/entrance.conf.example");
  Configured configured;
  configured.write("links.d/broker.conf", broker)
      .write("links.d/door.conf", door)
      .write("links.d/bus.conf", bus)
      .write("links.d/camera.conf", camera)
      .write("links.d/pushed.conf", pushed)
      .write("links.d/pushed.secret", "0123456789abcdef\n")
      .write("sensors.d/x.conf", sensor);
  const auto config = configured.load();
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(config->links.size() == 5);
  CHECK(config->sensors.size() == 1);
  CHECK(config->warnings.empty());
  check_states_all(stated(broker), lintel::config::mqtt_keys());
  check_states_all(stated(door), lintel::config::serial_keys());
  check_states_all(stated(camera), lintel::config::poll_keys());
  check_states_all(stated(pushed), lintel::config::http_keys());
  check_states_all(stated(bus), lintel::config::modbus_keys());
  auto keys = stated(sensor);
  keys.emplace_back("link");  // stands in the prose: it excludes serial
  check_states_all(keys, lintel::config::sensor_keys());
}

TEST_CASE("dist: no line of an example is too long for a terminal") {
  for (const auto& entry : {"gateway.conf", "links.d/broker.conf.example", "links.d/bus.conf.example",
                            "links.d/door.conf.example", "links.d/camera.conf.example",
                            "links.d/pushed.conf.example", "sensors.d/entrance.conf.example"}) {
    std::istringstream lines(lintel::test::text_of(kDist / entry));
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 86);
  }
}
