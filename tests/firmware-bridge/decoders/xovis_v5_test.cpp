#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using nlohmann::json;
using Lines = std::vector<std::string>;

namespace {

Decoded decoded(const json& payload, const DecodeSettings& settings = {}) {
  const std::string text = payload.dump();
  Frame frame;
  frame.payload = text;
  DecodeSession session;
  Decoded out;
  decoders::Registry::built_in().find("xovis-v5")->decode(frame, settings, session, out);
  return out;
}

Lines decode(const json& payload, const DecodeSettings& settings = {}) {
  return test::describe(decoded(payload, settings));
}

json counts(const std::vector<std::pair<std::string, json>>& values) {
  json list = json::array();
  for (const auto& [name, value] : values) list.push_back({{"name", name}, {"value", value}});
  return list;
}

/// A push of one logic called L with one record.
json logics(const json& counts, const json& from = 1645792860000, const json& to = 1645792920000) {
  return {{"logics_data",
           {{"package_info", {{"id", 28}}},
            {"sensor_info", {{"serial_number", "S1"}}},
            {"logics", {{{"name", "L"}, {"records", {{{"from", from}, {"to", to}, {"counts", counts}}}}}}}}}};
}

json crossing(const std::string& type, const json& track) {
  return {{"type", type}, {"attributes", {{"track_id", track}, {"geometry_name", "L"}}}};
}

json counting(const std::string& type, const std::string& counter, const json& value) {
  return {{"type", type},
          {"attributes", {{"logic_name", "L"}, {"counter_name", counter}, {"counter_value", value}}}};
}

json live(const json& objects, const json& events) {
  return {{"live_data",
           {{"sensor_info", {{"serial_number", "S1"}}},
            {"frames",
             {{{"framenumber", 7},
               {"time", 1645797259355},
               {"tracked_objects", objects},
               {"events", events}}}}}}};
}

const std::string kWindow = "2022-02-25T12:42:00Z from 2022-02-25T12:41:00Z to 2022-02-25T12:42:00Z";
const std::string kInterval = "S1 interval at " + kWindow + " line 'L' region '' in 3 out 1 people -";
const std::string kNow = "2022-02-25T13:54:19.355Z from - to - ";
const json kPerson = {{"track_id", 527}, {"type", "PERSON"}};
const json kGroup = {{"track_id", 518}, {"type", "GROUP"}};

}  // namespace

TEST_CASE("xovis: a line counts inside its window, under the names of any firmware") {
  for (const auto& [in, out] :
       {std::pair{"fw", "bw"}, {"Forward", "Reverse"}, {"IN", "OUT"}, {"enter", "exit"}})
    CHECK(decode(logics(counts({{in, 3}, {out, 1}}))) == Lines{kInterval});
}

TEST_CASE("xovis: ages, genders and masks are parts of the count, not on top of it") {
  CHECK(decode(logics(counts(
            {{"fw", 3}, {"bw", 1}, {"fw-male", 2}, {"fw-female", 1}, {"bw-age", 1}, {"Forward-mask", 2}}))) ==
        Lines{kInterval});
}

TEST_CASE("xovis: the settings say which counter is in and which out, and the usual names then are not") {
  DecodeSettings settings;
  settings.sensors["S1"]["L"] = {"Herein", "Hinaus"};
  CHECK(decode(logics(counts({{"Herein", 3}, {"Hinaus", 1}, {"Herein-child", 2}, {"fw", 50}})), settings) ==
        Lines{kInterval});
  settings.sensors["S1"]["L"] = {"bw", "fw"};
  CHECK(decode(logics(counts({{"fw", 1}, {"bw", 3}})), settings) == Lines{kInterval});
}

TEST_CASE("xovis: a counter that nobody knows is refused with what to do, and the rest is reported") {
  const std::string refused =
      "reject unsupported /logics_data/logics/0/records/0/counts: whether the counter \"Hinaus\" of \"L\" is "
      "in or "
      "out is not known: map the channels of the line";
  CHECK(decode(logics(counts({{"Herein", 3}, {"Hinaus", 1}}))) == Lines{refused});
  CHECK(decode(logics(counts({{"fw", 3}, {"Hinaus", 1}}))) ==
        Lines{"S1 interval at " + kWindow + " line 'L' region '' in 3 out - people -", refused});
  CHECK(decode(logics(counts({{"fw", 3}, {"bw", 1}, {"Dogs", 9}}))) == Lines{kInterval});
}

TEST_CASE("xovis: people in a zone are a level at the end of the window, visits and stays are notes") {
  CHECK(decode(logics(counts({{"balance", 4}, {"visits", 2}, {"dwell_time", 83.5}}))) ==
        Lines{"S1 level at " + kWindow +
              " line '' region 'L' in - out - people 4 [visits=2] [dwell_time=83.5]"});
  CHECK(decode(logics(counts({{"queue-length", 0}, {"outflow", 8}, {"queueing-time", 1.5}}))) ==
        Lines{"S1 level at " + kWindow +
              " line '' region 'L' in - out - people 0 [outflow=8] [queueing-time=1.5]"});
  CHECK(decode(logics(counts({{"visits", 2}}))).empty());
}

TEST_CASE("xovis: a zone with entrances states both") {
  CHECK(decode(logics(counts({{"fw", 3}, {"bw", 1}, {"balance", 2}}))) ==
        Lines{kInterval, "S1 level at " + kWindow + " line '' region 'L' in - out - people 2"});
}

TEST_CASE("xovis: windows are told in milliseconds, seconds or RFC 3339") {
  const json c = counts({{"fw", 3}, {"bw", 1}});
  CHECK(decode(logics(c, 1645792860, 1645792920)) == Lines{kInterval});
  CHECK(decode(logics(c, "2022-02-25T13:41:00+01:00", "2022-02-25T13:42:00.000+01:00")) == Lines{kInterval});
  for (const json& wrong : {json("noon"), json(-5), json(1e15), json(true), json::array()}) {
    const Lines lines = decode(logics(c, wrong));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].starts_with(
        "reject sanity /logics_data/logics/0/records/0/from: expected Unix milliseconds"));
  }
  CHECK(decode(logics(c, nullptr)) == Lines{"reject sanity /logics_data/logics/0/records/0/from: missing: a "
                                            "count without its time cannot be placed"});
  CHECK(decode(logics(c, 1645792920001)) ==
        Lines{"reject sanity /logics_data/logics/0/records/0/to: the window ends before it starts"});
}

TEST_CASE("xovis: a window with missing samples is marked") {
  json push = logics(counts({{"fw", 3}, {"bw", 1}}));
  json& record = push["logics_data"]["logics"][0]["records"][0];
  record["samples"] = 4;
  record["samples_expected"] = 5;
  CHECK(decode(push) == Lines{kInterval + " [incomplete_window(4/5)]"});
  record["samples"] = 5;
  CHECK(decode(push) == Lines{kInterval});
}

TEST_CASE("xovis: a broken number refuses its record and no other") {
  json push = logics(counts({{"fw", 3}, {"bw", 1}}));
  json& records = push["logics_data"]["logics"][0]["records"];
  records.push_back(records[0]);
  records[1]["counts"][1]["value"] = -1;
  CHECK(decode(push) ==
        Lines{kInterval,
              "reject sanity /logics_data/logics/0/records/1/counts/1/value: expected a whole "
              "number from 0 to 1000000, found \"-1\""});
}

TEST_CASE("xovis: two counters of one meaning and two logics of one name are refused") {
  CHECK(
      decode(logics(counts({{"fw", 3}, {"in", 3}}))) ==
      Lines{
          "reject integrity /logics_data/logics/0/records/0/counts/1: a second counter of the same meaning: "
          "\"in\""});
  json push = logics(counts({{"fw", 3}, {"bw", 1}}));
  push["logics_data"]["logics"].push_back(push["logics_data"]["logics"][0]);
  CHECK(decode(push) ==
        Lines{kInterval,
              "reject sanity /logics_data/logics/1: two logics are called \"L\": give them different "
              "names on the sensor"});
}

TEST_CASE("xovis: packages without sensor_info have the link's identity") {
  json push = logics(counts({{"fw", 3}, {"bw", 1}}));
  push["logics_data"].erase("sensor_info");
  CHECK(decode(push) == Lines{kInterval.substr(2)});
}

TEST_CASE("xovis: persons cross, and their groups do not cross once more") {
  const json events = {crossing("LINE_CROSS_FORWARD", 527), crossing("LINE_CROSS_FORWARD", 518)};
  CHECK(decode(live(json::array({kPerson, kGroup}), events)) ==
        Lines{"S1 event at " + kNow + "line 'L' region '' in 1 out 0 people - key 1645797259355/527/fw"});
  CHECK(decode(live(json::array({kPerson}), json::array({crossing("LINE_CROSS_BACKWARD", 527)}))) ==
        Lines{"S1 event at " + kNow + "line 'L' region '' in 0 out 1 people - key 1645797259355/527/bw"});
}

TEST_CASE("xovis: who is not listed is what all others of the frame are, or nobody can say") {
  const json event = json::array({crossing("LINE_CROSS_FORWARD", 999)});
  CHECK(decode(live(json::array({kPerson}), event)).size() == 1);
  CHECK(decode(live(json::array({kGroup}), event)).empty());
  const Lines refused{
      "reject unsupported /live_data/frames/0/events/0/attributes/track_id: who crossed, a person or a "
      "group, is not "
      "told: let the agent push tracked objects"};
  CHECK(decode(live(json::array({kPerson, kGroup}), event)) == refused);
  CHECK(decode(live(json::array(), event)) == refused);
}

TEST_CASE("xovis: a crossing sent again has the same mark, and no other crossing has it") {
  const auto key = [](const json& payload) { return decoded(payload).observations.at(0).repeat_key; };
  json push = live(json::array({kPerson}), json::array({crossing("LINE_CROSS_FORWARD", 527)}));
  const std::string first = key(push);
  CHECK_FALSE(first.empty());
  push["live_data"]["package_info"]["id"] = 99;
  CHECK(key(push) == first);
  CHECK(key(live(json::array({kPerson}), json::array({crossing("LINE_CROSS_BACKWARD", 527)}))) != first);
  CHECK(key(live(json::array({kPerson}), json::array({crossing("LINE_CROSS_FORWARD", 528)}))) != first);
  push["live_data"]["frames"][0]["time"] = 1645797259356;
  CHECK(key(push) != first);
}

TEST_CASE("xovis: counter events state a running total, one direction at a time") {
  const auto at = [](const char* counter, const char* rest) {
    return Lines{"S1 " + std::string(counter) + " at " + kNow + rest};
  };
  const auto one = [](const json& event) {
    return decode(live(json::array({kPerson}), json::array({event})));
  };
  CHECK(one(counting("COUNT_INCREMENT", "fw", 1471)) ==
        at("total", "line 'L' region '' in 1471 out - people - [one_direction_only]"));
  CHECK(one(counting("COUNT_INCREMENT", "bw", 12)) ==
        at("total", "line 'L' region '' in - out 12 people - [one_direction_only]"));
  CHECK(one(counting("COUNT_RESET", "fw", 0)) ==
        at("total", "line 'L' region '' in 0 out - people - [one_direction_only]"));
  CHECK(one(counting("COUNT_DECREMENT", "balance", 3)) ==
        at("level", "line '' region 'L' in - out - people 3"));
  CHECK(one(counting("COUNT_INCREMENT", "fw-male", 7)).empty());
  CHECK(one(counting("TIME_CHANGE", "queueing-time", 7.5)).empty());
  CHECK(one(counting("COUNT_INCREMENT", "Hinaus", 7))[0].starts_with(
      "reject unsupported /live_data/frames/0/events/0/attributes/counter_name: whether the counter "
      "\"Hinaus\""));
}

TEST_CASE("xovis: a POST may carry several documents, and a broken one takes nothing from the others") {
  const json good = logics(counts({{"fw", 3}, {"bw", 1}}));
  const Lines lines = decode(json::array({good, {{"dog", 1}}, good}));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == kInterval);
  CHECK(lines[1] == kInterval);
  CHECK(lines[2].starts_with("reject unsupported /1: expected logics_data, live_data or another package"));
  CHECK(decode(json::array()).empty());
}

TEST_CASE("xovis: the device's state is reported, and what is not OK") {
  json push = {{"status_data",
                {{"sensor_info", {{"serial_number", "S1"}}},
                 {"states",
                  {{"device", {{"state", {{"details", {{"uptime_sec", 334753}}}, {"state", "OVERHEATED"}}}}},
                   {"updates", {{"state", {{"state", "OK"}, {"version", "5.0.3"}}}}},
                   {"singlesensor", {{"status", {{"illumination", "INSUFFICIENT"}}}}}}}}}};
  const Decoded out = decoded(push);
  CHECK(out.observations.empty());
  REQUIRE(out.reports.size() == 1);
  CHECK(out.reports[0].sensor == "S1");
  CHECK(out.reports[0].uptime_seconds == 334753);
  CHECK(out.reports[0].firmware == "5.0.3");
  CHECK(out.reports[0].faults == Lines{"device is \"OVERHEATED\"", "not enough light"});
}

TEST_CASE("xovis: a message that is wrong throughout is given up early") {
  json push = logics(counts({{"fw", "many"}}));
  json& records = push["logics_data"]["logics"][0]["records"];
  for (int i = 0; i < 1000; ++i) records.push_back(records[0]);
  CHECK(decode(push).size() == 64);
}

TEST_CASE("xovis: what is no message of this family is refused") {
  CHECK(decode({{"a", 1}})[0].starts_with("reject unsupported /: expected logics_data"));
  CHECK(decode(17)[0].starts_with("reject unsupported /: expected logics_data"));
  CHECK(decode({{"logics_data", {{"a", 1}}}}) ==
        Lines{"reject unsupported /logics_data/logics: expected a list"});
}
