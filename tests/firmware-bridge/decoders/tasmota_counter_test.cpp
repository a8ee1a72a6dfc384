#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using Lines = std::vector<std::string>;

namespace {

Lines decode(std::string_view topic, std::string_view payload, const DecodeSettings& settings = {}) {
  Frame frame;
  frame.topic = topic;
  frame.payload = payload;
  DecodeSession session;
  Decoded decoded;
  decoders::Registry::built_in().find("tasmota-counter")->decode(frame, settings, session, decoded);
  return test::describe(decoded);
}

std::string total(const std::string& sensor, const std::string& rest) {
  return sensor + " total below 4294967296 at 2021-12-31T09:44:59Z local from - to - line " + rest;
}

constexpr const char* kSensor = R"({"Time":"2021-12-31T09:44:59","COUNTER":{"C1":1204,"C2":1198}})";
const std::string kC1 = "'C1' region '' in 1204 out - people - [local_time_without_zone] [no_direction]";
const std::string kC2 = "'C2' region '' in 1198 out - people - [local_time_without_zone] [no_direction]";

Lines both(const std::string& sensor) {
  return {total(sensor, kC1), total(sensor, kC2)};
}

}  // namespace

TEST_CASE("tasmota: the device's name is found in every order of the topic") {
  CHECK(decode("tele/door1/SENSOR", kSensor) == both("door1"));
  CHECK(decode("door1/tele/SENSOR", kSensor) == both("door1"));
  CHECK(decode("shop/tele/door1/SENSOR", kSensor) == both("shop/door1"));
  CHECK(decode("tele/floor/door1/SENSOR", kSensor) == both("floor/door1"));
  CHECK(decode("tele/stat/SENSOR", kSensor) == both("stat"));
  CHECK(decode("my/own/SENSOR", kSensor) == both("my/own"));
}

TEST_CASE("tasmota: a topic that is not Tasmota's, or names no device, is refused") {
  for (const char* topic : {"tele/SENSOR", "SENSOR", "bus/door2/telemetry", "tele", "/", "tele//SENSOR"})
    CHECK_MESSAGE(decode(topic, kSensor).front().starts_with("reject unsupported topic"), topic);
}

TEST_CASE("tasmota: configured channels count in and out, the others are shown without direction") {
  DecodeSettings settings;
  settings.lines["door"] = {"C1", "C2"};
  const Lines mapped =
      decode("tele/d/SENSOR", R"({"Time":"2021-12-31T09:44:59","COUNTER":{"C1":5,"C2":4,"C3":9}})", settings);
  CHECK(mapped ==
        Lines{total("d",
                    "'door' region '' in 5 out 4 people - [local_time_without_zone] [mapping C1=in C2=out]"),
              total("d", "'C3' region '' in 9 out - people - [local_time_without_zone] [no_direction]")});
  const Lines old =
      decode("tele/d/SENSOR", R"({"Time":"2021-12-31T09:44:59","Counter1":5,"Counter2":4})", settings);
  CHECK(old == Lines{mapped[0]});
}

TEST_CASE("tasmota: each device of a link has its own channels") {
  DecodeSettings settings;
  settings.lines["any"] = {"C1", "C2"};
  settings.sensors["front"]["street"] = {"C2", "C1"};
  CHECK(
      decode("tele/front/SENSOR", kSensor, settings) ==
      Lines{total(
          "front",
          "'street' region '' in 1198 out 1204 people - [local_time_without_zone] [mapping C2=in C1=out]")});
  CHECK(decode("tele/back/SENSOR", kSensor, settings) ==
        Lines{total(
            "back",
            "'any' region '' in 1204 out 1198 people - [local_time_without_zone] [mapping C1=in C2=out]")});
}

TEST_CASE("tasmota: one configured channel is enough, and a wrong one is named") {
  DecodeSettings settings;
  settings.lines["in only"] = {"C1", ""};
  settings.lines["typo"] = {"CC2", ""};
  const Lines lines = decode("tele/d/SENSOR", kSensor, settings);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        total("d", "'in only' region '' in 1204 out - people - [local_time_without_zone] [mapping C1=in]"));
  CHECK(lines[2] ==
        "reject unsupported line \"typo\": \"CC2\" is no channel; Tasmota's counters are C1 to C8");
}

TEST_CASE("tasmota: a pulse length is not a count") {
  CHECK(decode("tele/d/SENSOR", R"({"Time":"2021-12-31T09:44:59","COUNTER":{"C1":0.250000}})") ==
        Lines{"reject sanity /COUNTER/C1: a number with decimals is a pulse length; set CounterType to 0 to "
              "count "
              "pulses"});
}

TEST_CASE("tasmota: counters beyond 32 bits or below zero are refused, the others are kept") {
  const Lines lines =
      decode("tele/d/SENSOR",
             R"({"Time":"2021-12-31T09:44:59","COUNTER":{"C1":4294967296,"C2":-1,"C3":4294967295}})");
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] ==
        total("d", "'C3' region '' in 4294967295 out - people - [local_time_without_zone] [no_direction]"));
  CHECK(lines[1].starts_with("reject sanity /COUNTER/C1: "));
  CHECK(lines[2].starts_with("reject sanity /COUNTER/C2: "));
}

TEST_CASE("tasmota: the time may be missing, unset, zoned, a number, or unreadable") {
  const auto first = [](const char* time) {
    return decode("tele/d/SENSOR", std::string("{") + time + R"("COUNTER":{"C1":1}})").front();
  };
  CHECK(first("") ==
        "d total below 4294967296 at - from - to - line 'C1' region '' in 1 out - people - [no_direction]");
  CHECK(first(R"("Time":"1970-01-01T00:00:07",)").find("[device_clock_unset]") != std::string::npos);
  CHECK(first(R"("Time":"2021-12-31T09:44:59+01:00",)")
            .starts_with("d total below 4294967296 at 2021-12-31T08:44:59Z from"));
  CHECK(first(R"("Time":1640943899,)").starts_with("d total below 4294967296 at 2021-12-31T09:44:59Z from"));
  CHECK(first(R"("Time":"noon",)").find("[invalid_timestamp]") != std::string::npos);
}

TEST_CASE("tasmota: the will tells whether the device is connected") {
  CHECK(decode("tele/door1/LWT", "Offline") == Lines{"report door1 connected no uptime -"});
  CHECK(decode("door1/tele/LWT", "Online") == Lines{"report door1 connected yes uptime -"});
  CHECK(decode("tele/door1/LWT", "Gone") ==
        Lines{"reject unsupported LWT: expected Online or Offline, found \"Gone\""});
}

TEST_CASE("tasmota: the device's state gives its uptime") {
  CHECK(decode("tele/door1/STATE", R"({"Time":"2021-12-31T09:44:59","UptimeSec":754,"Heap":25})") ==
        Lines{"report door1 connected - uptime 754"});
}

TEST_CASE("tasmota: messages that count nobody are accepted") {
  CHECK(decode("stat/door1/RESULT", R"({"Counter1":5})").empty());
  CHECK(decode("tele/door1/INFO1", R"({"Info1":{"Module":"x"}})").empty());
  CHECK(decode("tele/door1/SENSOR", R"({"Time":"2021-12-31T09:44:59","ANALOG":{"A0":5},"C1":7})").empty());
}

TEST_CASE("tasmota: broken JSON and other shapes are refused") {
  CHECK(decode("tele/d/SENSOR", "{\"Time\":").front().starts_with("reject length"));
  CHECK(decode("tele/d/SENSOR", "[]") == Lines{"reject unsupported /: expected a JSON object"});
  CHECK(decode("tele/d/SENSOR", R"({"COUNTER":5})") ==
        Lines{"reject unsupported /COUNTER: expected an object with C1, C2, ..."});
}

TEST_CASE("tasmota console: telemetry is found in the log, with any time in front") {
  for (const char* start : {"09:16:59 MQT: ", "09:16:59.123 MQT: ", "09:16:59.123-028/41 MQT: ", "MQT: "}) {
    CAPTURE(start);
    CHECK(decode("", start + std::string("tele/door1/SENSOR = ") + kSensor) == both("door1"));
    CHECK(decode("", start + std::string("tele/door1/SENSOR = ") + kSensor + " (retained)\r") ==
          both("door1"));
  }
  CHECK(decode("", std::string("12:52:46.234 RSL: SENSOR = ") + kSensor) == both(""));
  CHECK(decode("", kSensor) == both(""));
}

TEST_CASE("tasmota console: other lines of the log are nothing") {
  for (const char* line :
       {"00:00:00.001 Project tasmota - Tasmota Version 12.5.0", "21:28:26 MQT: Connected",
        "09:16:59 CMD: Counter1", "09:16:59 MQT: tele/door1/LWT = Online (retained)",
        "09:16:59 MQT: cmnd/door1/POWER =", "", "10:00:00 WIF: Connecting to AP1 MQT: tele/x/SENSOR = {}",
        "ets Jan  8 2013,rst cause:1, boot mode:(3,7)"})
    CHECK_MESSAGE(decode("", line).empty(), line);
}

TEST_CASE("tasmota console: a damaged message is refused") {
  CHECK(decode("", R"(09:16:59 MQT: tele/door1/SENSOR = {"Time":"2021-12-31T09:44:59","COUNT)")
            .front()
            .starts_with("reject length"));
}
