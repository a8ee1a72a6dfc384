// Quirks of counting that the sources of formats over HTTP, MQTT and serial lines document.
#include <doctest/doctest.h>

#include "tests/gateway/counting/quirks/door.hpp"

using namespace lintel::test::quirks;
using lintel::counting::Rule;

TEST_CASE(
    "axis-object-analytics: a scenario counts one direction, cars not at all, and begins anew when startTime "
    "changes") {
  Door door("axis-object-analytics");
  const auto first = message_of("axis-object-analytics/crossline-counting.json");
  door.hear(first, "2022-12-08T16:53:00Z");
  door.hear(first.with("\"total\": \"20960\"", "\"total\": \"20999\"").with("1670518346712", "1670518406712"),
            "2022-12-08T16:54:00Z");
  CHECK(door.in() == 0);
  CHECK(door.out() == 0);
  door.hear(
      first.with("\"totalHuman\": \"0\"", "\"totalHuman\": \"5\"").with("1670518346712", "1670518466712"),
      "2022-12-08T16:55:00Z");
  CHECK(door.in() == 5);
  door.hear(first.with("\"totalHuman\": \"0\"", "\"totalHuman\": \"7\"")
                .with("1670518346712", "1670518526712")
                .with("2022-12-06T22:01:25Z", "2022-12-08T16:55:10Z"),
            "2022-12-08T16:56:00Z");
  CHECK(door.rule() == Rule::reset);
  CHECK(door.in() == 12);
}

TEST_CASE("axis-people-counter-tvpc: totals of today begin at the camera's midnight, in its own zone") {
  Door door("axis-people-counter-tvpc", "Europe/Berlin");
  const auto live = message_of("axis-people-counter-tvpc/live-sum.json");
  door.hear(live, "2017-05-03T09:28:00Z");
  door.hear(live.with("20170503112756", "20170503235800").with("\"in\": 12", "\"in\": 15"),
            "2017-05-03T21:58:10Z");
  CHECK(door.in() == 3);
  // Past yesterday's value already, and yet of today alone. In UTC it would still be yesterday.
  door.hear(live.with("20170503112756", "20170504005800").with("\"in\": 12", "\"in\": 20"),
            "2017-05-03T22:58:10Z");
  CHECK(door.rule() == Rule::reset);
  CHECK(door.in() == 23);
}

TEST_CASE("axis-people-counter-tvpc: history that is exported again adds nothing") {
  Door door("axis-people-counter-tvpc");
  const auto history = message_of("axis-people-counter-tvpc/occupancy-export.json");
  door.hear(history, "2017-09-13T09:00:00Z");
  CHECK(door.in() == 57);
  CHECK(door.out() == 49);
  door.hear(history, "2017-09-14T09:00:00Z");
  CHECK(door.in() == 57);
}

TEST_CASE("disruptive-technologies-counters: an event that is delivered at least once counts once") {
  Door door("disruptive-technologies-counters");
  const auto first = message_of("disruptive-technologies-counters/object-present-count.json");
  door.hear(first, "2024-12-06T08:24:00Z");
  CHECK(door.in() == 0);
  const auto second =
      first.with("4176", "4179").with("08:23:43", "08:30:00").with("c510f9ag03fligl8tvag", "c6");
  door.hear(second, "2024-12-06T08:30:10Z");
  door.hear(second, "2024-12-06T08:30:20Z");
  CHECK(door.rule() == Rule::repeated);
  door.hear(first, "2024-12-06T08:31:00Z");
  CHECK(door.in() == 3);
}

TEST_CASE("esphome-roode: a kept Entry is no new crossing, the same direction twice is two people") {
  Door door("esphome-roode");
  Message entry{"Entry", "roode32/text_sensor/roode32_last_direction/state", true, {}};
  door.hear(entry, "2026-01-01T10:00:00Z");
  CHECK(door.in() == 0);
  entry.retained = false;
  door.hear(entry, "2026-01-01T10:01:00Z");
  door.hear(entry, "2026-01-01T10:01:05Z");
  CHECK(door.in() == 2);
}

TEST_CASE("eurotech-pcn1001: an answer that nobody has described counts nobody") {
  for (const char* id :
       {"eurotech-pcn1001/request-gcounters.constructed", "eurotech-pcn1001/broadcast.constructed"}) {
    Door door("eurotech-pcn1001");
    door.hear(message_of(id), "2026-01-01T10:00:00Z");
    CHECK(door.scalar("select count(*) from people_counting_raw") == 0);
  }
}

TEST_CASE("footfallcam-3d-pro-mqtt: every event is one person") {
  Door door("footfallcam-3d-pro-mqtt");
  door.hear(message_of("footfallcam-3d-pro-mqtt/counting.json"), "2022-11-25T04:48:00Z");
  CHECK(door.in() + door.out() == 1);
}

TEST_CASE("hikvision-peoplecounting: a window that is transmitted again adds nothing") {
  Door door("hikvision-peoplecounting");
  const auto window = message_of("hikvision-peoplecounting/timerange-15min-crlf.xml");
  door.hear(window, "2021-10-12T11:15:05Z");
  door.hear(window, "2021-10-12T19:15:05Z");
  CHECK(door.out() == 1);
}

TEST_CASE("hikvision-peoplecounting: re-entries that the camera took out are not added") {
  Door door("hikvision-peoplecounting");
  const auto first = message_of("hikvision-peoplecounting/realtime-v2-duplicate-people.xml");
  door.hear(first, "2024-07-08T04:27:30Z");
  auto second = first.with("<enter>15", "<enter>16").with("<duplicatePeople>4", "<duplicatePeople>9");
  second = second.with("12:27:24", "12:29:24").with("12:27:24", "12:29:24");
  door.hear(second, "2024-07-08T04:29:30Z");
  CHECK(door.in() == 1);
}

TEST_CASE("irisys-vector: changes over MQTT add up, also in a batch that comes late") {
  Door door("irisys-vector");
  auto batch = message_of("irisys-vector/mqtt-counts.corrected.json");
  batch.topic = "irisys/V4D-17020025/counts";
  door.hear(batch, "2019-02-01T18:30:00Z");
  CHECK(door.in() == 2);
  CHECK(door.out() == 1);
}

TEST_CASE("irisys-vector: counts survive an impossible date") {
  Door door("irisys-vector");
  auto batch = message_of("irisys-vector/mqtt-counts.as-documented.json");
  batch.topic = "irisys/V4D-17020025/counts";
  door.hear(batch, "2019-02-20T18:30:00Z");
  CHECK(door.in() == 2);
  CHECK(door.out() == 1);
}

TEST_CASE(
    "irisys-vector: a log that is posted again counts once, and its totals never go back to zero by "
    "themselves") {
  Door door("irisys-vector", "UTC", {{"door", {"Line 1", "Line 2"}}});
  const auto log = message_of("irisys-vector/http-post-countlog.as-documented.json");
  door.hear(log, "2018-12-03T14:21:10Z");
  const auto next = log.with("121", "131").with("353493", "353494").with("14:21:00", "14:36:00");
  door.hear(next, "2018-12-03T14:36:10Z");
  door.hear(next, "2018-12-03T14:37:10Z");
  door.hear(log, "2018-12-03T14:37:20Z");
  CHECK(door.in() + door.out() == 10);
}

TEST_CASE("milesight-vs125: a delta and a total for the same traffic count once") {
  Door door("milesight-vs125");
  const auto first = message_of("milesight-vs125/periodic-and-total.capture.json");
  door.hear(first, "2026-07-31T23:12:01Z");
  CHECK(door.in() == 0);
  const auto next = first.with("\"in\": 0", "\"in\": 3")
                        .with("8442", "8445")
                        .with("23:12:00", "23:13:00")
                        .with("23:11:00", "23:12:00");
  door.hear(next, "2026-07-31T23:13:01Z");
  CHECK(door.in() == 3);
  door.hear(next, "2026-07-31T23:13:02Z");  // QoS 1 brings it twice
  CHECK(door.in() == 3);
  CHECK(door.out() == 0);
}

TEST_CASE("milesight-vs125: a device that has been running for less time than before has restarted") {
  Door door("milesight-vs125");
  const auto first =
      message_of("milesight-vs125/periodic-and-total.capture.json").with("line_periodic_data", "x");
  door.hear(first, "2026-07-31T23:12:01Z");
  door.hear(first.with("8442", "8440")
                .with("23:12:00", "23:20:00")
                .with("\"running_time\": 330", "\"running_time\": 60"),
            "2026-07-31T23:20:01Z");
  CHECK(door.rule() == Rule::implausible);  // 8,440 people did not come in eight minutes
  Door small("milesight-vs125");
  const auto few = first.with("8442", "90").with("15583", "90");
  small.hear(few, "2026-07-31T23:12:01Z");
  small.hear(few.with("\"in_counted\": 90", "\"in_counted\": 85")
                 .with("\"out_counted\": 90", "\"out_counted\": 2")
                 .with("23:12:00", "23:20:00")
                 .with("\"running_time\": 330", "\"running_time\": 60"),
             "2026-07-31T23:20:01Z");
  CHECK(small.rule() == Rule::reset);
  CHECK(small.in() == 85);
}

TEST_CASE("milesight-vs133-vs135: children are among the people, not beside them") {
  Door door("milesight-vs133-vs135");
  door.hear(message_of("milesight-vs133-vs135/periodic-and-total.reconstructed.json"),
            "2026-07-16T06:41:01Z");
  door.hear(message_of("milesight-vs133-vs135/periodic-with-children.reconstructed.json"),
            "2026-07-16T06:42:01Z");
  CHECK(door.in() == 5);
  CHECK(door.out() == 3);
}

TEST_CASE(
    "milesight-vs125: totals and periods that contradict each other are an alert with both numbers, once a "
    "day") {
  Door door("milesight-vs125");
  const auto first = message_of("milesight-vs125/periodic-and-total.capture.json");
  door.hear(first, "2026-07-31T23:12:01Z");
  const auto minute = [&](const char* from, const char* to, const char* in, const char* total) {
    return first.with("\"in\": 0", in).with("8442", total).with("23:12:00", to).with("23:11:00", from);
  };
  door.hear(minute("23:12:00", "23:13:00", "\"in\": 9", "8444"), "2026-07-31T23:13:01Z");
  CHECK(door.scalar("select count(*) from alerts where kind = 'counts_disagree' and state = 'open'") == 1);
  CHECK(door.scalar("select json_extract(details, '$.by_total') from alerts") == 2);
  CHECK(door.scalar("select json_extract(details, '$.one_by_one') from alerts") == 9);
  CHECK(door.scalar("select message like '%moved by 2, but 9%' from alerts") == 1);
  door.hear(minute("23:13:00", "23:14:00", "\"in\": 20", "8445"), "2026-07-31T23:14:01Z");
  CHECK(door.scalar("select count(*) from alerts") == 1);
}

TEST_CASE("sparkplug-b: a birth is a baseline, what is not stated has not changed, history fills in") {
  Door door("sparkplug-b");
  const char* at[] = {"2024-07-01T12:00:01Z", "2024-07-01T12:00:01Z", "2024-07-01T12:01:01Z",
                      "2024-07-01T12:02:31Z", "2024-07-01T12:04:01Z", "2024-07-01T12:05:01Z"};
  const auto session = messages_of("sparkplug-b/session");
  for (std::size_t i = 0; i < session.size(); ++i) door.hear(session[i], at[i]);
  CHECK(door.in() == 5);
  CHECK(door.out() == 1);
}

TEST_CASE("tasmota-counter: a counter wraps at 2^32, and a preset by command is no crowd") {
  const lintel::bridge::LineMap lines{{"door", {"C1", "C2"}}};
  Door door("tasmota-counter", "UTC", lines);
  const auto first =
      message_of("tasmota-counter/tele-sensor-in-out.constructed.txt").with("1204", "4294967290");
  door.hear(first, "2021-12-31T09:45:00Z");
  door.hear(first.with("4294967290", "4").with("09:44:59", "09:49:59"), "2021-12-31T09:50:00Z");
  CHECK(door.rule() == Rule::wrapped);
  CHECK(door.in() == 10);
  door.hear(first.with("4294967290", "500000").with("09:44:59", "09:54:59"), "2021-12-31T09:55:00Z");
  CHECK(door.rule() == Rule::implausible);
  CHECK(door.in() == 10);
  CHECK(
      door.scalar("select json_extract(details, '$.now.in') from alerts where kind = 'count_implausible'") ==
      500'000);
}

TEST_CASE(
    "terabee-l-xl-m-json: another reset_period means a restart, also where the new total is not smaller") {
  Door door("terabee-l-xl-m-json");
  const auto first = message_of("terabee-l-xl-m-json/l-xl-counters.capture.json");
  door.hear(first, "2024-08-16T20:31:36Z");
  door.hear(first.with("1723840295", "1723840895").with("\"in\": 2", "\"in\": 4").with("ee5b1479", "ff"),
            "2024-08-16T20:41:36Z");
  CHECK(door.rule() == Rule::reset);
  CHECK(door.in() == 4);
  CHECK(door.out() == 1);
}

TEST_CASE("terabee-l-xl-m-json: a clock that was never set does not date what is counted") {
  Door door("terabee-l-xl-m-json");
  const auto first = message_of("terabee-l-xl-m-json/m-counters.json");
  door.hear(first, "2026-01-01T10:00:00Z");
  door.hear(first.with("946685671", "946686271").with("\"in\": 34", "\"in\": 36"), "2026-01-01T10:10:00Z");
  CHECK(door.in() == 2);
  CHECK(door.scalar("select count(*) from people_counting_raw where started_at < 1767225600000") == 0);
}

TEST_CASE("vdv301-itxpt-passenger-counting: a counter that says it is defective counts nobody") {
  Door door("vdv301-itxpt-passenger-counting");
  const auto all = message_of("vdv301-itxpt-passenger-counting/ibis-ip-getalldata.constructed.xml");
  door.hear(all, "2026-01-01T10:00:00Z");
  CHECK(door.in() == 0);
}

TEST_CASE("wirenboard-wb-mcm8-modbus: pulses past 16 bits are no wrap") {
  Door door("wirenboard-wb-mcm8-modbus", "UTC", {{"door", {"in1", "in2"}}});
  door.hear(message_of("wirenboard-wb-mcm8-modbus/read-in1-in2-large"), "2026-01-01T10:00:00Z");
  door.hear(message_of("wirenboard-wb-mcm8-modbus/read-in1-in2-large"), "2026-01-01T10:00:10Z");
  CHECK(door.in() == 0);
  CHECK(door.out() == 0);
}

TEST_CASE("xovis-v3-v4-legacy: one crossing in five records is one person") {
  Door door("xovis-v3-v4-legacy");
  door.hear(message_of("xovis-v3-v4-legacy/events-array.json"), "2021-09-23T08:21:05Z");
  CHECK(door.in() == 1);
  CHECK(door.out() == 0);
}

TEST_CASE("xovis-v5: a group is not one person more, and a push that comes again adds nobody") {
  Door door("xovis-v5");
  const auto live = message_of("xovis-v5/live-line-cross-persons-and-groups.json");
  door.hear(live, "2022-02-25T13:55:00Z");
  CHECK(door.in() == 2);
  CHECK(door.out() == 2);
  door.hear(live, "2022-02-25T13:56:00Z");
  CHECK(door.in() == 2);
}

TEST_CASE("xovis-v5: history that is triggered by hand adds nothing, whatever its package number") {
  Door door("xovis-v5");
  const auto batch = message_of("xovis-v5/logics-lines-and-zone-batch.json");
  door.hear(batch, "2022-02-25T12:45:10Z");
  CHECK(door.in() == 4);
  CHECK(door.out() == 1);
  door.hear(batch.with("\"id\": 28", "\"id\": 1"), "2022-02-25T18:00:00Z");
  CHECK(door.in() == 4);
  CHECK(door.out() == 1);
}

TEST_CASE("xovis-v5: a counter event is the running total of one direction") {
  Door door("xovis-v5");
  const auto event = message_of("xovis-v5/live-count-event.json");
  door.hear(event, "2023-01-16T13:27:05Z");
  CHECK(door.in() == 0);
  CHECK(door.rule() == Rule::baseline);
}

TEST_CASE("zigbee2mqtt-sihas-csm300z: a state that is published again is no passage") {
  Door door("zigbee2mqtt-sihas-csm300z");
  auto state = message_of("zigbee2mqtt-sihas-csm300z/in.constructed.json");
  state.topic = "zigbee2mqtt/door";
  door.hear(state, "2026-01-01T10:00:00Z");
  door.hear(state, "2026-01-01T10:00:10Z");
  CHECK(door.scalar("select count(*) from people_counting_raw") == 0);
}

TEST_CASE("st-vl53l1x-arduino-lines: a board that starts again loses nobody and doubles nobody") {
  Door door("st-vl53l1x-arduino-lines");
  const char* lines[] = {"Walk In, People Count=1", "0,2001,1998,0,1", "Walk In, People Count=2",
                         "Starting...", "Walk In, People Count=1"};
  int second = 10;
  for (const char* line : lines) door.hear({line}, "2026-01-01T10:00:" + std::to_string(second++) + "Z");
  CHECK(door.in() == 3);
}

TEST_CASE(
    "hilink-ld2450, vergesense-space-report, milesight-vs121-p: people present are not people passing") {
  const std::pair<const char*, const char*> present[] = {
      {"hilink-ld2450", "hilink-ld2450/three-targets.constructed"},
      {"vergesense-space-report", "vergesense-space-report/space-report.json"},
      {"milesight-vs121-p", "milesight-vs121-p/periodic-region-count.json"}};
  for (const auto& [format, id] : present) {
    Door door(format);
    door.hear(message_of(id), "2026-01-01T10:00:00Z");
    CHECK(door.scalar("select count(*) from people_counting_raw") == 0);
    CHECK(door.scalar("select count(*) from regional_counting_raw") > 0);
  }
}
