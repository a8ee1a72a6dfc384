#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using namespace std::string_literals;
using nlohmann::json;
using Lines = std::vector<std::string>;

namespace {

const Decoder& decoder() {
  return *decoders::Registry::built_in().find("irisys-vector");
}

Decoded decoded(const std::string& payload, const DecodeSettings& settings = {},
                const std::string& topic = "irisys/V4D-1/counts") {
  Frame frame;
  frame.payload = payload;
  frame.topic = topic;
  DecodeSession session;
  Decoded out;
  decoder().decode(frame, settings, session, out);
  return out;
}

Lines decode(const json& payload, const DecodeSettings& settings = {}) {
  return test::describe(decoded(payload.dump(), settings));
}

json change(const char* name, const json& value = 1, const json& time = "2019-02-01T12:30:00+0000") {
  return json::array({{{"register", name}, {"value", value}, {"t", time}}});
}

json log(const std::vector<std::pair<const char*, int>>& registers) {
  json counts = json::array();
  for (const auto& [name, value] : registers) counts.push_back({{"Name", name}, {"Value", value}});
  return {
      {"FriendlyDeviceSerial", "V4D-2"},
      {"CountLogs",
       json::array({{{"LogEntryId", 353493}, {"Timestamp", "2018-12-03T14:21:00Z"}, {"Counts", counts}}})}};
}

std::string event(const std::string& line, const char* counts) {
  return "V4D-1 event at 2019-02-01T12:30:00Z from - to - line '" + line + "' region '' " + counts +
         " people -";
}

std::string total(const std::string& line, const char* counts, const char* flags = "") {
  return "V4D-2 total at 2018-12-03T14:21:00Z from - to - line '" + line + "' region '' " + counts +
         " people -" + flags + " key log=353493";
}

}  // namespace

TEST_CASE("irisys: the name of a register ends in its side of the line") {
  CHECK(decode(change("MainEntranceIn")) == Lines{event("MainEntrance", "in 1 out 0")});
  CHECK(decode(change("Main entrance OUT", 3)) == Lines{event("Main entrance", "in 0 out 3")});
  CHECK(decode(change("door_2_in")) == Lines{event("door_2", "in 1 out 0")});
  CHECK(decode(change("Out")) == Lines{event("", "in 0 out 1")});
}

TEST_CASE("irisys: a name that only happens to end in these letters is refused until it is mapped") {
  for (const char* name : {"Cabin", "Basin", "Lookout", "Entrance"})
    CHECK(decode(change(name)) ==
          Lines{"reject unsupported /0/register: whether the register \"" + std::string(name) +
                "\" is in or out is not known: map the channels of its line"});
  DecodeSettings settings;
  settings.sensors["V4D-1"]["door"] = {"Cabin", "Entrance"};
  CHECK(decode(change("Cabin"), settings) == Lines{event("door", "in 1 out 0")});
  CHECK(decode(change("Entrance"), settings) == Lines{event("door", "in 0 out 1")});
}

TEST_CASE("irisys: where the installation maps registers, all others are nothing") {
  DecodeSettings settings;
  settings.lines["door"] = {"Line 1", "Line 2"};
  CHECK(decode(log({{"Line 1", 121}, {"Line 2", 127}, {"Line 3", 4}, {"BackIn", 5}}), settings) ==
        Lines{total("door", "in 121 out 127")});
}

TEST_CASE("irisys: zones, dwell times and excluded lines count nobody") {
  CHECK(decode(log({{"Zone 1", 156}, {"Dwell", 382}, {"LineExclude", 125}})).empty());
  CHECK(decode(change("Zone In")).empty());
}

TEST_CASE("irisys: both sides of a line make one total, numbered lines are in for lack of better") {
  CHECK(decode(log({{"DoorIn", 10}, {"Line 1", 121}, {"DoorOut", 9}})) ==
        Lines{total("Door", "in 10 out 9"), total("Line 1", "in 121 out -", " [no_direction]")});
  CHECK(decode(log({{"DoorIn", 10}, {"DoorIn", 11}})) ==
        Lines{total("Door", "in 10 out -"),
              "reject sanity /CountLogs/0/Counts/1: a second register of the same side of the line"});
}

TEST_CASE("irisys: a count log that is sent again has the same mark") {
  CHECK(decoded(log({{"DoorIn", 10}}).dump()).observations.at(0).repeat_key == "log=353493");
  CHECK(decoded(change("DoorIn").dump()).observations.at(0).repeat_key.empty());
}

TEST_CASE("irisys: over MQTT the identity is the topic's, over HTTP the payload's") {
  const std::string payload = change("DoorIn").dump();
  CHECK(decoded(payload, {}, "shop/irisys/V4D-9/counts").observations.at(0).sensor == "V4D-9");
  CHECK(decoded(payload, {}, "some/topic").observations.at(0).sensor.empty());
  CHECK(decoded(payload, {}, "").observations.at(0).sensor.empty());
}

TEST_CASE("irisys: an impossible time leaves the count to its arrival") {
  CHECK(decode(change("DoorIn", 1, "2019-02-91T12:30:00+0000")) ==
        Lines{"V4D-1 event at - from - to - line 'Door' region '' in 1 out 0 people - [invalid_timestamp]"});
}

TEST_CASE("irisys: an empty list is a heartbeat, a change of nobody says nothing") {
  CHECK(decode(json::array()).empty());
  CHECK(decode(change("DoorIn", 0)).empty());
}

TEST_CASE("irisys: a broken change takes nothing from the others") {
  json changes = change("DoorIn");
  changes.push_back({{"register", "DoorIn"}, {"value", -1}});
  changes.push_back({{"value", 1}});
  changes.push_back(5);
  CHECK(decode(changes) ==
        Lines{event("Door", "in 1 out 0"),
              "reject sanity /1/value: expected a whole number from 0 to 1000000, found \"-1\"",
              "reject sanity /2/register: expected the name of a register",
              "reject sanity /3/register: expected the name of a register"});
}

TEST_CASE("irisys: the status is the connection") {
  CHECK(decode({{"status", "connected"}}) == Lines{"report V4D-1 connected yes uptime -"});
  CHECK(decode({{"status", "disconnected"}}) == Lines{"report V4D-1 connected no uptime -"});
  CHECK(decode({{"status", "dizzy"}}) ==
        Lines{"reject unsupported /status: expected connected or disconnected"});
}

TEST_CASE("irisys: what is no message of this family is refused") {
  CHECK(decode({{"a", 1}}) == Lines{"reject unsupported /: expected a list of register changes, CountLogs or "
                                    "status of an Irisys Vector"});
  CHECK(decode({{"CountLogs", 5}}) == Lines{"reject unsupported /CountLogs: expected a list"});
}

TEST_CASE("irisys: targets are people present, staff by their lanyards") {
  const std::string visitor = "\x11\0\0"s + std::string(12, 'x');
  const std::string staff = "\x12\0\x20"s + std::string(12, 'x');
  const std::string time = "\x80\xb4\x36\x90\x6c\x01\0\0"s;
  CHECK(test::describe(decoded("\1"s + time + visitor + staff, {}, "irisys/V4D-1/targets")) ==
        Lines{"V4D-1 level at 2019-08-14T13:00:00Z from - to - line '' region '' in - out - people 2 "
              "[tagged=1]"});
  CHECK(test::describe(decoded("\0"s + visitor, {}, "irisys/V4D-1/targets")) ==
        Lines{"V4D-1 level at - from - to - line '' region '' in - out - people 1"});
  CHECK(test::describe(decoded("\0"s, {}, "irisys/V4D-1/targets")) ==
        Lines{"V4D-1 level at - from - to - line '' region '' in - out - people 0"});
  CHECK(test::describe(decoded("\0"s + visitor + "x", {}, "irisys/V4D-1/targets")) ==
        Lines{"reject length 17 bytes are not a whole number of targets: expected 1 bytes and 15 for each"});
  CHECK(decoded("\2anything"s, {}, "irisys/V4D-1/targets").rejects.empty());
}

TEST_CASE("irisys: fifteen messages a second become a level when it changes, and once a minute") {
  using namespace std::chrono_literals;
  DecodeSession session;
  std::size_t reported = 0;
  const auto hear = [&](std::size_t people, BootTime at) {
    const std::string payload = "\0"s + std::string(people * 15, 'x');
    Frame frame;
    frame.payload = payload;
    frame.topic = "irisys/V4D-1/targets";
    frame.arrived = at;
    Decoded out;
    decoder().decode(frame, {}, session, out);
    reported += out.observations.size();
  };
  for (int i = 0; i < 100; ++i) hear(2, 10ms * i);
  CHECK(reported == 1);
  hear(3, 2s);
  hear(3, 3s);
  CHECK(reported == 2);
  hear(3, 61s);
  CHECK(reported == 3);
}

TEST_CASE("irisys: targets are not recognised, since any bytes could be some") {
  Frame frame;
  const std::string targets = "\0"s + std::string(15, 'x');
  frame.payload = targets;
  CHECK_FALSE(decoder().recognises(frame));
  const std::string changes = change("DoorIn").dump();
  frame.payload = changes;
  CHECK(decoder().recognises(frame));
}
