// The quirks of the shipped profiles' formats that their samples do not show.
#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/profile/profile_of.hpp"

using namespace lintel;

namespace {

std::vector<std::string> read(std::string_view name, std::string_view payload, std::string_view topic = {}) {
  const auto* decoder = bridge::decoders::Registry::built_in().find(name);
  REQUIRE(decoder != nullptr);
  return test::decoded(*decoder, payload, topic);
}

std::string only(const std::vector<std::string>& lines) {
  REQUIRE(lines.size() == 1);
  return lines.front();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("terabee: a new counting period is visible even where the total did not fall") {
  const auto message = [](std::string_view period) {
    return R"({"at": 1723840295, "type": "counters", "serial_number": "b8", "value": {"in": 2, "out": 1, "reset_period": ")" +
           std::string(period) + "\"}}";
  };
  CHECK(has(only(read("terabee-l-xl-m-json", message("a"))), "[reset_period=a]"));
  CHECK(has(only(read("terabee-l-xl-m-json", message("b"))), "[reset_period=b]"));
}

TEST_CASE("terabee: what is no counter is refused, and so are counts of nobody") {
  CHECK(has(
      only(read("terabee-l-xl-m-json", R"({"at": 1, "type": "occupancy", "uid": "x", "value": {"in": 1}})")),
      "reject unsupported"));
  CHECK(has(only(read("terabee-l-xl-m-json", R"({"at": 1, "type": "counters", "value": {"in": 1}})")),
            "reject sanity"));
  CHECK(has(only(read("terabee-l-xl-m-json", R"({"type": "counters", "uid": "x", "value": {}})")),
            "reject unsupported"));
}

TEST_CASE("vs121-p: summer time is added to the zone that the message states") {
  const auto at = [](std::string_view dst) {
    return R"({"device_info": {"device_sn": "1"}, "current_total": 3, "time_info": {"timezone": "UTC+1:00", "dst_status": )" +
           std::string(dst) + R"(, "start_time": "2022/07/20 18:00:00", "end_time": "2022/07/20 19:00:00"}})";
  };
  CHECK(has(only(read("milesight-vs121-p", at("false"))), "at 2022-07-20T18:00:00Z"));
  CHECK(has(only(read("milesight-vs121-p", at("true"))), "at 2022-07-20T17:00:00Z"));
}

TEST_CASE("vs121-p: a region without its number takes nothing from the others") {
  const auto lines = read(
      "milesight-vs121-p",
      R"({"device_info": {"device_sn": "1"}, "current_total": 3, "numbering_regions": [1, 2], "current_counted": [5]})");
  REQUIRE(lines.size() == 3);
  CHECK(has(lines[0], "people 3"));
  CHECK(has(lines[1], "region '1'"));
  CHECK(has(lines[2], "reject unsupported /occupancy/1"));
}

TEST_CASE("axis: the history is read by the names of its columns, wherever they stand") {
  const auto lines =
      read("axis-people-counter-tvpc",
           R"({"counter": {"serial": "A", "delta": 900, "types": {"Total Out": 67, "Zz": 1, "Total In": 66}},
                              "data": {"20240101000000": [1, 2, 3], "20240101001500": [4, 5]}})");
  REQUIRE(lines.size() == 2);
  CHECK(has(lines[0],
            "from 2024-01-01T00:00:00Z local to 2024-01-01T00:15:00Z local line '' region '' in 3 out 1"));
  CHECK(has(lines[1], "reject unsupported /data/20240101001500"));
}

TEST_CASE("xovis legacy: of the records of one crossing one counts, and groups are no people") {
  const auto record = [](std::string_view type, std::string_view object) {
    return R"({"timestamp": 1632385264305, "serial": "s", "direction": "backward", "countItem": {"name": "L"}, "type": ")" +
           std::string(type) + R"(", "objectType": ")" + std::string(object) + "\"}";
  };
  const auto wrapped = [](const std::string& records) { return R"({"values": [)" + records + "]}"; };
  CHECK(has(only(read("xovis-v3-v4-legacy",
                      wrapped(record("LineCrossing", "PERSON") + "," + record("LineCount", "PERSON")))),
            "line 'L' region '' in 0 out 1"));
  CHECK(read("xovis-v3-v4-legacy", wrapped(record("LineCount", "GROUP"))).empty());
  CHECK(only(read("xovis-v3-v4-legacy", wrapped(record("LineCounted", "PERSON")))) ==
        "reject unsupported /values/0: no statement of xovis-v3-v4-legacy fits this message");
}

TEST_CASE("xovis legacy: a line may have other labels, which the installation knows") {
  const auto* decoder = bridge::decoders::Registry::built_in().find("xovis-v3-v4-legacy");
  bridge::DecodeSettings settings;
  settings.lines["L"] = {"bw", "fw"};
  const auto lines = test::decoded(
      *decoder,
      R"({"sensor-info": {"serial-number": "s"}, "content": {"element": [{"element-name": "L", "data-type": "LINE", "measurement":
          [{"from": "2021-09-23T10:20:00Z", "to": "2021-09-23T10:21:00Z", "value": [{"value": 7, "label": "fw"}, {"value": 2, "label": "bw"}]}]}]}})",
      {}, settings);
  CHECK(has(only(lines), "in 2 out 7"));
}

TEST_CASE("zigbee2mqtt: broken messages of the bridge are nobody's, those of a sensor are told") {
  CHECK(read("zigbee2mqtt-sihas-csm300z", "{\"log", "zigbee2mqtt/bridge/logging").empty());
  CHECK(has(only(read("zigbee2mqtt-sihas-csm300z", "{\"people", "zigbee2mqtt/door")), "reject length"));
  CHECK(only(read("zigbee2mqtt-sihas-csm300z", "offline", "zigbee2mqtt/door/availability"))
            .starts_with("report door connected no"));
  CHECK(has(
      only(read("zigbee2mqtt-sihas-csm300z", R"({"people": 101.5, "linkquality": 3})", "zigbee2mqtt/door")),
      "reject sanity /people"));
}

TEST_CASE("roode: numbers have any spelling, and words that are no direction count nobody") {
  constexpr const char* kCounter = "d/number/d_people_counter/state";
  CHECK(has(only(read("esphome-roode", "4", kCounter)), "people 4"));
  CHECK(has(only(read("esphome-roode", "4.000000", kCounter)), "people 4"));
  CHECK(has(only(read("esphome-roode", "-1.000000", kCounter)), "reject sanity"));
  CHECK(has(only(read("esphome-roode", "nan", kCounter)), "reject sanity $payload"));
  CHECK(has(only(read("esphome-roode", "Enter", "d/text_sensor/d_last_direction/state")),
            "reject unsupported"));
  CHECK(has(only(read("esphome-roode", "1", "elsewhere")), "reject unsupported"));
  CHECK(only(read("esphome-roode", "online", "d/status")).starts_with("report d connected yes"));
}

TEST_CASE("disruptive: an event is told from its repeats by its id, a battery is no count") {
  const auto* decoder = bridge::decoders::Registry::built_in().find("disruptive-technologies-counters");
  bridge::Frame frame;
  frame.payload =
      R"({"eventId": "e1", "targetName": "projects/p/devices/d", "eventType": "batteryStatus", "data": {"batteryStatus": {"percentage": 80}}})";
  bridge::DecodeSession session;
  bridge::Decoded out;
  decoder->decode(frame, {}, session, out);
  REQUIRE((out.observations.empty() && out.rejects.empty() && out.reports.size() == 1));
  CHECK(out.reports.front().sensor == "d");
  CHECK(out.reports.front().battery_percent == 80);
}

TEST_CASE("vergesense: an unknown number of people is not an empty room") {
  CHECK(read("vergesense-space-report",
             R"({"event_type": "space_report", "space_id": 1, "space_ref_id": "r", "person_count": null})")
            .empty());
  CHECK(has(
      only(read(
          "vergesense-space-report",
          R"({"event_type": "space_availability", "space_id": 1, "space_ref_id": "r", "state": "maybe"})")),
      "reject unsupported /state"));
}
