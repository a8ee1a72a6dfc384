#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/gateway/config/configured.hpp"

namespace {

using lintel::config::Link;
using lintel::test::Configured;
using namespace std::chrono_literals;

}  // namespace

TEST_CASE("configuration: an empty file means the defaults of the structure") {
  const auto config = Configured().load();
  REQUIRE(config);
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
  CHECK(config->hq_url == defaults.hq_url);
  CHECK(config->hq_api_key == defaults.hq_api_key);
  CHECK(config->hq_credential_file == defaults.hq_credential_file);
  CHECK(config->hq_ca_file == defaults.hq_ca_file);
  CHECK(config->hq_interval == defaults.hq_interval);
  CHECK(config->offline_after == defaults.offline_after);
  CHECK(config->origins.empty());
}

TEST_CASE("configuration: every key of gateway.conf arrives") {
  Configured configured;
  configured.write("ca.pem", "x").write("token", "x").write("gateway.conf", R"(
[store]
id = 7B0E3A52-95C1-4F0E-8D1C-2A6F4C1B9E10
name = Main street 4
timezone = America/Argentina/Buenos_Aires
day_start = 04:30
[gateway]
name = back office
state_dir = state
spool_dir = /run/x
spool_limit_mb = 8
[storage]
durability = relaxed
commit_interval_ms = 250
[status]
listen = [::1]:0
allowed_host = gateway.example.org
allowed_host = 10.0.0.7
[hq]
url = https://project.supabase.co/rest/v1/
api_key = abc=#;
credential_file = token
ca_file = ca.pem
interval_seconds = 0.25
[health]
offline_after_minutes = 45
)");
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->store_id == "7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e10");
  CHECK(config->store_name == "Main street 4");
  CHECK(config->timezone == "America/Argentina/Buenos_Aires");
  CHECK(config->day_start_minute == 270);
  CHECK(config->gateway_name == "back office");
  CHECK(config->state_dir == configured.path("state"));
  CHECK(config->spool_dir == "/run/x");
  CHECK(config->spool_limit_bytes == 8u << 20);
  CHECK(config->relaxed);
  CHECK(config->commit_interval == 250ms);
  CHECK(config->listen == "[::1]:0");
  CHECK(config->allowed_hosts == std::vector<std::string>{"gateway.example.org", "10.0.0.7"});
  CHECK(config->hq_url == "https://project.supabase.co/rest/v1");
  CHECK(config->hq_api_key == "abc=#;");
  CHECK(config->hq_credential_file == configured.path("token"));
  CHECK(config->hq_ca_file == configured.path("ca.pem"));
  CHECK(config->hq_interval == 250ms);
  CHECK(config->offline_after == 45min);
}

TEST_CASE(
    "load: opening hours of several lines become what HQ keeps of a store, of two for a day the later") {
  const auto config =
      Configured()
          .write("gateway.conf",
                 "[store]\nopen = friday 09:00-12:30 14:00-02:00\nopen = 2026-12-25 closed\n"
                 "open = monday 09:00-18:00\nopen = monday 10:00-24:00\ncalendar_from = always\n")
          .load();
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  CHECK(
      config->opening_hours ==
      R"({"friday":[["09:00","12:30"],["14:00","02:00"]],"monday":[["10:00","24:00"]],"exceptions":{"2026-12-25":[]}})");
  CHECK(config->calendar_from == "always");
  const auto only_dates = Configured().write("gateway.conf", "[store]\nopen = 2026-12-25 closed\n").load();
  REQUIRE(only_dates.has_value());
  CHECK(only_dates->opening_hours == R"({"exceptions":{"2026-12-25":[]}})");
}

TEST_CASE("configuration: what gateway.d states holds before gateway.conf, of several the last by name") {
  Configured configured;
  configured.write("gateway.conf", "[gateway]\nname = first\nstate_dir = /a\n[hq]\nurl = http://a\n")
      .write("gateway.d/10-chain.conf", "[gateway]\nname = second\n[hq]\nurl = http://b\n")
      .write("gateway.d/20-store.conf", "[gateway]\nname = third\n");
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->gateway_name == "third");
  CHECK(config->hq_url == "http://b");
  CHECK(config->state_dir == "/a");
  configured.write("gateway.d/20-store.conf", "[gatway]\nname = third\n");
  CHECK(configured.load().error().message.find("gateway.d/20-store.conf:1: [gatway]") != std::string::npos);
}

TEST_CASE("configuration: relaxed durability commits once a minute unless told otherwise") {
  const auto config = Configured().write("gateway.conf", "[storage]\ndurability = relaxed\n").load();
  REQUIRE(config);
  CHECK(config->commit_interval == 60s);
}

TEST_CASE("configuration: CR LF, a byte order mark, blanks and comments are tolerated") {
  Configured configured;
  configured.write("gateway.conf",
                   "\xEF\xBB\xBF  # first\r\n[store]\r\n\t name\t=  Caf\xC3\xA9 = #1 ; \r\n ; last");
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->store_name == "Caf\xC3\xA9 = #1 ;");
}

TEST_CASE("configuration: a topic and a password keep their #") {
  Configured configured;
  configured.write("links.d/broker.conf",
                   "type = mqtt\nurl = mqtts://[fe80::1]\nuser = lintel\npassword = #a#;b = c #\n"
                   "subscribe = milesight-vs125 #\nsubscribe = tasmota-counter tele/+/a b/#\n");
  const auto config = configured.load();
  REQUIRE(config);
  REQUIRE(config->links.size() == 1);
  const auto& link = config->links.front();
  CHECK(link.type == Link::Type::mqtt);
  CHECK(link.name == "broker");
  CHECK(link.url == "mqtts://[fe80::1]:8883");
  CHECK(link.password == "#a#;b = c #");
  REQUIRE(link.subscriptions.size() == 2);
  CHECK(link.subscriptions[0].decoder == "milesight-vs125");
  CHECK(link.subscriptions[0].topic == "#");
  CHECK(link.subscriptions[1].topic == "tele/+/a b/#");
}

TEST_CASE("configuration: a password file gives its first line, blanks included") {
  Configured configured;
  configured.write("links.d/secret", " hunter#2 \r\nsecond line\n")
      .write("links.d/broker.conf",
             "type = mqtt\nurl = mqtt://h:1884/\nsubscribe = milesight-vs125 a\nuser = u\npassword_file = "
             "secret\n");
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->links.front().password == " hunter#2 ");
  CHECK(config->links.front().url == "mqtt://h:1884");
  CHECK(config->warnings.empty());
}

TEST_CASE("configuration: the session at the broker is named after store and link") {
  Configured configured;
  configured.write("links.d/broker.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs125 a\n");
  configured.write("gateway.conf", "[gateway]\nname = box\n");
  CHECK(configured.load()->links.front().client_id == "lintel-box-broker");
  configured.write("gateway.conf", "[store]\nid = 7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e10\n");
  CHECK(configured.load()->links.front().client_id == "lintel-7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e10-broker");
}

TEST_CASE("configuration: a serial link has a speed and a format unless it states others") {
  Configured configured;
  configured
      .write("links.d/b.conf",
             "[link]\ntype = serial\ndevice = pty\ndecoder = tasmota-counter\nbaud = 250000\nformat = 7E2\n")
      .write("links.d/a.conf", "type = serial\ndevice = /dev/ttyAMA0\ndecoder = st-vl53l1x-arduino-lines\n");
  const auto config = configured.load();
  REQUIRE(config);
  REQUIRE(config->links.size() == 2);
  CHECK(config->links[0].device == "/dev/ttyAMA0");
  CHECK(config->links[0].baud == 115200);
  CHECK(config->links[0].format == "8N1");
  CHECK(config->links[0].decoder == "st-vl53l1x-arduino-lines");
  CHECK(config->links[1].device == configured.path("links.d/pty"));
  CHECK(config->links[1].baud == 250000);
  CHECK(config->links[1].format == "7E2");
}

TEST_CASE("configuration: a Modbus link arrives with its units, and a unit is a sensor of its link") {
  Configured configured;
  configured
      .write("links.d/bus.conf",
             "type = modbus\ndevice = pty\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 100-102 7\n"
             "poll_seconds = 2.5\nanswer_ms = 200\ngap_ms = 20\nrs485 = rts\necho = yes\n")
      .write("links.d/other.conf",
             "type = modbus\ndevice = pty2\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 1\n")
      .write("sensors.d/1.conf", "link = bus/slave 7\nline = door in=in1 out=in2\n");
  const auto config = configured.load();
  REQUIRE_MESSAGE(config.has_value(), config.error().message);
  const auto& bus = config->links[0];
  CHECK(bus.type == Link::Type::modbus);
  CHECK(bus.units == std::vector<std::uint8_t>{7, 100, 101, 102});
  CHECK(bus.baud == 9600);
  CHECK(bus.format == "8N2");
  CHECK(bus.poll_interval == 2500ms);
  CHECK(bus.answer_timeout == 200ms);
  CHECK(bus.gap == 20ms);
  CHECK(bus.rs485 == "rts");
  CHECK(bus.echo);
  const auto& other = config->links[1];
  CHECK(other.poll_interval == 10s);
  CHECK(other.answer_timeout == 500ms);
  CHECK(other.rs485 == "auto");
  CHECK_FALSE(other.echo);
  CHECK(config->sensors[0].serial == "link:bus/slave 7");
}

TEST_CASE("configuration: sensors arrive with their lines, sorted by serial") {
  Configured configured;
  configured.write("links.d/door.conf", "type = serial\ndevice = pty\ndecoder = tasmota-counter\n")
      .write("sensors.d/2.conf",
             "link = door\nname = Back door\ninvert = yes\ntimezone = Asia/Kathmandu\n"
             "expected_interval_seconds = 90\nline = a in=C1 out=C2\nline = b out=C4\n")
      .write("sensors.d/1.conf", "[sensor]\nserial = 6789C3\npayload = tasmota-counter\n");
  const auto config = configured.load();
  REQUIRE(config);
  REQUIRE(config->sensors.size() == 2);
  CHECK(config->sensors[0].serial == "6789C3");
  CHECK(config->sensors[0].expected_interval == 0s);
  CHECK(config->sensors[0].payload == "tasmota-counter");
  const auto& door = config->sensors[1];
  CHECK(door.serial == "link:door");
  CHECK(door.name == "Back door");
  CHECK(door.invert);
  CHECK(door.timezone == "Asia/Kathmandu");
  CHECK(door.expected_interval == 90s);
  REQUIRE(door.lines.size() == 2);
  CHECK(door.lines.at("a").in == "C1");
  CHECK(door.lines.at("a").out == "C2");
  CHECK(door.lines.at("b").in.empty());
}

TEST_CASE("configuration: a flag wins over a variable, a variable over the file, and each is remembered") {
  Configured configured;
  configured.write("gateway.conf",
                   "[store]\nname = file\n[gateway]\nname = file\n[status]\nallowed_host = a\n");
  configured.environment = {"HOME=/root", "LINTEL_STORE_NAME= variable ", "LINTEL_HQ_URL=https://variable",
                            "LINTEL_STATUS_ALLOWED_HOST=b"};
  configured.overrides = {"hq.url=https://flag"};
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->gateway_name == "file");
  CHECK(config->store_name == "variable");
  CHECK(config->hq_url == "https://flag");
  CHECK(config->allowed_hosts == std::vector<std::string>{"b", "a"});
  CHECK(config->origins.at("gateway.name") == "gateway.conf:4");
  CHECK(config->origins.at("store.name") == "LINTEL_STORE_NAME");
  CHECK(config->origins.at("hq.url") == "--set hq.url");
  CHECK_FALSE(config->origins.contains("store.timezone"));
}

TEST_CASE("configuration: an empty variable or flag empties a key that may be empty") {
  Configured configured;
  configured.write("gateway.conf", "[hq]\nurl = https://hq\n");
  configured.environment = {"LINTEL_STATUS_LISTEN="};
  configured.overrides = {"hq.url="};
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(config->listen.empty());
  CHECK(config->hq_url.empty());
}

TEST_CASE("configuration: wrong variables and flags are refused like wrong keys") {
  Configured configured;
  configured.environment = {"LINTEL_CONFIG=/x",
                            "LINTEL_HQ_UR=x",
                            "LINTEL_HP_URL=x",
                            "LINTEL_STORE_PHOTOGRAPH=x",
                            "LINTEL_HQ_INTERVAL_SECONDS=often",
                            "LINTEL_STORE_NAME=two\nlines"};
  configured.overrides = {"hq.interval_secnds=10", "url", "store.name=a", "store.name=b", "status.listen=x"};
  CHECK(configured.problems() ==
        std::vector<std::string>{
            "--set hq.interval_secnds: no such setting, did you mean hq.interval_seconds?",
            "--set: expected section.key=value, for example --set status.listen=127.0.0.1:8081",
            "--set store.name: already set in --set store.name",
            "--set status.listen = \"x\": expected an address of this machine and a port, for example "
            "0.0.0.0:8080, or "
            "nothing for no page",
            "environment variable LINTEL_HQ_UR: no such setting, did you mean LINTEL_HQ_URL?",
            "environment variable LINTEL_HP_URL: no such setting, did you mean LINTEL_HQ_URL?",
            "environment variable LINTEL_STORE_PHOTOGRAPH: no such setting, see `lintel config show` for "
            "those that exist",
            "LINTEL_STORE_NAME: expected one line of UTF-8 text",
            "LINTEL_HQ_INTERVAL_SECONDS = \"often\": expected a number of seconds, for example 60"});
}

TEST_CASE(
    "configuration: a variable of the same prefix that resembles no setting is mentioned, not refused") {
  Configured configured;
  configured.environment = {"LINTEL_WORKSHOP=x"};
  const auto config = configured.load();
  REQUIRE(config);
  CHECK(
      config->warnings.front() ==
      "environment variable LINTEL_WORKSHOP: no such setting, see `lintel config show` for those that exist");
}

TEST_CASE("configuration: without a file there are the defaults, no links, and a warning") {
  const auto config = lintel::config::load({{}, {"LINTEL_STORE_NAME=x"}, {}}, {});
  REQUIRE(config);
  CHECK(config->file.empty());
  CHECK(config->store_name == "x");
  CHECK(config->warnings ==
        std::vector<std::string>{
            "no configuration file is in use, so there are no links and nothing is counted"});
}
