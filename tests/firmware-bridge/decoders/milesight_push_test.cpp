#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using nlohmann::json;
using Lines = std::vector<std::string>;

namespace {

Lines decode(const std::string& payload, const char* decoder = "milesight-vs125") {
  Frame frame;
  frame.payload = payload;
  DecodeSession session;
  Decoded decoded;
  decoders::Registry::built_in().find(decoder)->decode(frame, {}, session, decoded);
  return test::describe(decoded);
}

json message() {
  return json::parse(R"({
    "device_info": {"device_sn": "S1"},
    "time_info": {"start_time": "2026-07-31T23:11:00Z", "end_time": "2026-07-31T23:12:00Z"},
    "line_periodic_data": [{"line": 1, "total": {"in": 3, "out": 2}}],
    "line_total_data": [{"line": 1, "total": {"in_counted": 30, "out_counted": 20}}]})");
}

const std::string kInterval =
    "S1 interval at 2026-07-31T23:12:00Z from 2026-07-31T23:11:00Z to 2026-07-31T23:12:00Z line '1' region "
    "'' in 3 "
    "out 2 people -";
const std::string kTotal =
    "S1 total at 2026-07-31T23:12:00Z from - to - line '1' region '' in 30 out 20 people -";

}  // namespace

TEST_CASE("milesight: counts below `total` and counts in the line itself mean the same") {
  json flat = message();
  flat["line_periodic_data"][0] = {{"line", 1}, {"in", 3}, {"out", 2}};
  flat["line_total_data"][0] = {{"line", 1}, {"in_counted", 30}, {"out_counted", 20}};
  for (const char* name : {"milesight-vs125", "milesight-vs133-vs135"}) {
    CHECK(decode(message().dump(), name) == Lines{kInterval, kTotal});
    CHECK(decode(flat.dump(), name) == Lines{kInterval, kTotal});
  }
}

TEST_CASE("milesight: an interval without its window is refused, the total is kept") {
  json m = message();
  m["time_info"].erase("start_time");
  CHECK(
      decode(m.dump()) ==
      Lines{kTotal,
            "reject sanity /time_info/start_time: missing, but /line_periodic_data counts inside a window"});
  m.erase("time_info");
  CHECK(decode(m.dump())[0] == "S1 total at - from - to - line '1' region '' in 30 out 20 people -");
}

TEST_CASE("milesight: a window that ends before it starts is refused") {
  json m = message();
  m["time_info"]["start_time"] = "2026-08-01T02:12:00+01:00";
  CHECK(decode(m.dump()) ==
        Lines{kTotal, "reject sanity /time_info/end_time: the window ends before it starts"});
}

TEST_CASE("milesight: an unreadable time is refused by its place, totals then count on arrival") {
  json m = message();
  m["time_info"]["end_time"] = "yesterday";
  CHECK(decode(m.dump()) ==
        Lines{"S1 total at - from - to - line '1' region '' in 30 out 20 people - [invalid_timestamp]",
              "reject sanity /time_info/end_time: expected a time like 2026-07-31T23:12:00+02:00, found "
              "\"yesterday\""});
}

TEST_CASE("milesight: a time without a zone is marked as the device's own") {
  json m = message();
  m["time_info"] = {{"time", "2026-07-31T23:12:00"}};
  m.erase("line_periodic_data");
  CHECK(decode(m.dump()) ==
        Lines{"S1 total at 2026-07-31T23:12:00Z local from - to - line '1' region '' in 30 out 20 "
              "people - [local_time_without_zone]"});
}

TEST_CASE("milesight: without a serial number nothing is counted") {
  for (const json& serial :
       {json(), json(""), json("a\nb"), json(json::array()), json(std::string(200, 'x'))}) {
    json m = message();
    m["device_info"]["device_sn"] = serial;
    CHECK(decode(m.dump()) ==
          Lines{"reject sanity /device_info/device_sn: missing: without the serial number the "
                "counts belong to nobody"});
  }
}

TEST_CASE("milesight: a number that cannot be a count refuses its line and no other") {
  for (const json& wrong :
       {json(-1), json(2.5), json("many"), json(true), json(1e18), json(json::object())}) {
    CAPTURE(wrong.dump());
    json m = message();
    m["line_periodic_data"].push_back({{"line", 2}, {"total", {{"in", wrong}, {"out", 1}}}});
    const Lines lines = decode(m.dump());
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == kInterval);
    CHECK(lines[1] == kTotal);
    CHECK(lines[2].starts_with(
        "reject sanity /line_periodic_data/1/total/in: expected a whole number from 0 to "));
  }
}

TEST_CASE("milesight: numbers written as text or with a decimal point are counts") {
  json m = message();
  m["line_periodic_data"][0]["total"] = {{"in", "3"}, {"out", 2.0}};
  CHECK(decode(m.dump()) == Lines{kInterval, kTotal});
}

TEST_CASE("milesight: an absent count stays absent, and a line that counts nothing is refused") {
  json m = message();
  m["line_periodic_data"][0]["total"].erase("out");
  m["line_total_data"][0]["total"] = json::object();
  const Lines lines = decode(m.dump());
  CHECK(lines[0].ends_with("in 3 out - people -"));
  CHECK(lines[1] == "reject unsupported /line_total_data/0/total: states neither in_counted nor out_counted");
}

TEST_CASE("milesight: a line stated twice in one message counts once") {
  json m = message();
  m["line_periodic_data"].push_back(m["line_periodic_data"][0]);
  CHECK(
      decode(m.dump()) ==
      Lines{kInterval, kTotal, "reject sanity /line_periodic_data/1: line 1 is stated twice in one message"});
}

TEST_CASE("milesight: lists that are none, or endless, are refused") {
  json m = message();
  m["line_periodic_data"] = 5;
  CHECK(decode(m.dump()) == Lines{kTotal, "reject unsupported /line_periodic_data: expected a list"});
  m["line_periodic_data"] = json::array();
  for (int i = 0; i < 65; ++i) m["line_periodic_data"].push_back({{"line", i}, {"in", 1}, {"out", 1}});
  CHECK(decode(m.dump()) == Lines{kTotal, "reject sanity /line_periodic_data: 65 entries are more than 64"});
}

TEST_CASE("milesight: people in a region are a level, dwell times are nothing") {
  const std::string head =
      R"({"device_info":{"device_sn":"S1","running_time":58},"time_info":{"time":"2026-07-31T23:12:00Z"},)";
  const std::string level =
      "S1 level at 2026-07-31T23:12:00Z from - to - line '' region '2' in - out - people 4";
  const std::string report = "report S1 connected - uptime 58";
  const std::string region = R"([{"region":2,"total":{"current_total":4}}])";
  CHECK(decode(head + R"("region_data":{"region_count_data":)" + region + "}}") == Lines{level, report});
  CHECK(decode(head + R"("region_trigger_data":{"region_count_data":)" + region + "}}") ==
        Lines{level, report});
  CHECK(decode(head + R"("region_count_data":[{"region":2,"current_total":4}]})") == Lines{level, report});
  CHECK(decode(head + R"("region_trigger_data":{"dwell_time_data":[{"duration":96799,"region":1}]}})") ==
        Lines{report});
  CHECK(decode(head + R"("region_count_data":[{"region":2,"current_total":-4}]})")
            .back()
            .starts_with("reject sanity /region_count_data/0/current_total: expected a whole number"));
}

TEST_CASE("milesight: children are noted beside the count that includes them") {
  json m = message();
  m.erase("line_total_data");
  m["line_periodic_data"][0]["children"] = {{"in", 1}, {"out", 0}};
  CHECK(decode(m.dump()) == Lines{kInterval + " [children_in=1] [children_out=0]"});
}

TEST_CASE("milesight: what is no message of this family is refused") {
  CHECK(decode("[1,2]") == Lines{"reject unsupported /: expected a JSON object"});
  CHECK(decode("17") == Lines{"reject unsupported /: expected a JSON object"});
  CHECK(decode("{}")[0].starts_with("reject sanity /device_info/device_sn: missing"));
}
