#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "firmware-bridge/core/time.hpp"
#include "firmware-bridge/decoders/envelopes/sparkplug_births.hpp"
#include "tests/firmware-bridge/decoders/sparkplug_link.hpp"

using namespace lintel;
using namespace lintel::bridge;
using namespace lintel::bridge::decoders::envelopes;
using namespace lintel::test;
using Metrics = std::vector<SparkplugMetricText>;

TEST_CASE("sparkplug: a birth states everything, data what changed") {
  SparkplugLink link;
  auto out = link.births(kDoor);
  REQUIRE(out.observations.size() == 2);
  CHECK(out.observations[0].sensor == "edge/door");
  CHECK(out.observations[0].line == "Entrance");
  CHECK(out.observations[0].count_in == 100);
  CHECK(out.observations[0].count_out == 90);
  CHECK(has(out.observations[0], "birth"));
  CHECK(out.observations[1].region == "Shop");
  CHECK(out.observations[1].occupancy == 6);
  out = link.hear("DDATA/edge/door", sparkplug_message(2, {{"", 1, 0, 103}}));
  CHECK(out.rejects.empty());
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations[0].count_in == 103);
  CHECK_FALSE(out.observations[0].count_out);  // unchanged is not 0
  CHECK(has(out.observations[0], "partial"));
  CHECK_FALSE(has(out.observations[0], "birth"));
}

TEST_CASE("sparkplug: a line with one direction is never partial") {
  SparkplugLink link;
  link.births({{"Gate/In", 1, 8, 1}});
  const auto out = link.hear("DDATA/edge/door", sparkplug_message(2, {{"", 1, 0, 2}}));
  CHECK_FALSE(has(out.observations.at(0), "partial"));
}

TEST_CASE("sparkplug: a metric's time goes before the message's, in and out of one instant are one") {
  SparkplugLink link;
  link.births(kDoor);
  const auto out = link.hear(
      "DDATA/edge/door",
      sparkplug_message(
          2,
          {{"", 1, 0, 101, 1'000, true}, {"", 2, 0, 91, 1'000, true}, {"", 1, 0, 102, 2'000}, {"", 2, 0, 92}},
          3'000));
  REQUIRE(out.observations.size() == 3);
  CHECK(out.observations[0].count_in == 101);
  CHECK(out.observations[0].count_out == 91);
  CHECK(has(out.observations[0], "historical"));
  CHECK(count_ms(out.observations[1].time.value().time) == 2'000);
  CHECK_FALSE(has(out.observations[1], "historical"));
  CHECK(count_ms(out.observations[2].time.value().time) == 3'000);
  CHECK(out.observations[2].repeat_key == "seq=2 3000");
}

TEST_CASE("sparkplug: a time beyond all calendars is flagged, no time at all leaves it to the arrival") {
  SparkplugLink link;
  link.births(kDoor);
  auto out = link.hear("DDATA/edge/door", sparkplug_message(2, {{"", 3, 0, 5, ~std::uint64_t{0}}}));
  CHECK_FALSE(out.observations.at(0).time);
  CHECK(has(out.observations.at(0), "invalid_timestamp"));
  out = link.hear("DDATA/edge/door", sparkplug_message(3, {{"", 3, 0, 5}}, std::nullopt));
  CHECK_FALSE(out.observations.at(0).time);
  CHECK(out.observations.at(0).flags.empty());
}

TEST_CASE("sparkplug: null is unknown, not 0: a level says so, a total says nothing of that direction") {
  SparkplugLink link;
  link.births(kDoor);
  auto out =
      link.hear("DDATA/edge/door",
                sparkplug_message(2, {{"", 3, 0, {}, {}, false, true}, {"", 1, 0, {}, {}, false, true}}));
  CHECK(out.rejects.empty());
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations[0].kind == Kind::level);
  CHECK_FALSE(out.observations[0].occupancy);
  CHECK(has(out.observations[0], "null_value"));
  out = link.hear("DDATA/edge/door", sparkplug_message(3, {{"", 1, 0, {}, {}, false, true}, {"", 2, 0, 91}}));
  REQUIRE(out.observations.size() == 1);
  CHECK_FALSE(out.observations[0].count_in);
  CHECK(out.observations[0].count_out == 91);
  CHECK(has(out.observations[0], "null_value"));
}

TEST_CASE("sparkplug: data before a birth is refused and asks for a rebirth; names need none") {
  SparkplugLink link;
  auto out = link.hear("DDATA/edge/door", sparkplug_message(9, {{"", 1, 0, 5}, {"", 2, 0, 5}}, 77));
  CHECK(out.observations.empty());
  CHECK(contains(only_reject(out), "a rebirth of the edge node is needed"));
  CHECK(out.rejects[0].kind == RejectKind::unsupported);
  REQUIRE(out.outbound.size() == 1);
  CHECK(out.outbound[0].topic == "spBv1.0/Stores/NCMD/edge");
  CHECK(out.outbound[0].payload ==
        sparkplug_message({}, {{"Node Control/Rebirth", {}, 11, 1, 77, false, false, 14}}, 77));
  out = link.hear("DDATA/edge/door", sparkplug_message(10, {{"Gate/In", {}, 8, 5}}));
  CHECK(out.rejects.empty());
  CHECK(out.outbound.empty());
  CHECK(out.observations.at(0).count_in == 5);
}

TEST_CASE("sparkplug: an alias that the birth did not tell is refused, the rest is still reported") {
  SparkplugLink link;
  link.births(kDoor);
  const auto out = link.hear("DDATA/edge/door", sparkplug_message(2, {{"", 44, 0, 5}, {"", 2, 0, 91}}));
  CHECK(contains(only_reject(out), "alias 44"));
  CHECK(out.outbound.size() == 1);
  CHECK(out.observations.at(0).count_out == 91);
}

TEST_CASE("sparkplug: a new birth may give the same alias another meaning") {
  SparkplugLink link;
  link.births(kDoor);
  link.hear("DBIRTH/edge/door", sparkplug_message(2, {{"Back/Out", 1, 8, 3}}));
  const auto out = link.hear("DDATA/edge/door", sparkplug_message(3, {{"", 1, 0, 4}}));
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations[0].line == "Back");
  CHECK(out.observations[0].count_out == 4);
  CHECK_FALSE(link.hear("DDATA/edge/door", sparkplug_message(4, {{"", 2, 0, 4}})).rejects.empty());
}

TEST_CASE("sparkplug: devices of one node keep their aliases apart, and so do groups") {
  SparkplugLink link;
  link.births(kDoor);
  link.hear("DBIRTH/edge/door-2", sparkplug_message(2, {{"Yard/In", 1, 8, 1}}));
  CHECK(link.hear("DDATA/edge/door", sparkplug_message(3, {{"", 1, 0, 101}})).observations.at(0).line ==
        "Entrance");
  CHECK(link.hear("DDATA/edge/door-2", sparkplug_message(4, {{"", 1, 0, 2}})).observations.at(0).line ==
        "Yard");
  CHECK(link.hear("DDATA/edge-2/door", sparkplug_message(5, {{"", 1, 0, 2}})).outbound.size() == 1);
}

TEST_CASE("sparkplug: the node's own metrics count under the node's name") {
  SparkplugLink link;
  link.hear("NBIRTH/edge", sparkplug_message(0, {{"bdSeq", {}, 8, 7}, {"In", 5, 8, 10}}));
  const auto out = link.hear("NDATA/edge", sparkplug_message(1, {{"", 5, 0, 11}}));
  REQUIRE(out.observations.size() == 1);
  CHECK(out.observations[0].sensor == "edge");
  CHECK(out.observations[0].line.empty());
  CHECK(out.observations[0].count_in == 11);
}

TEST_CASE("sparkplug: a gap in the numbers is flagged, a wrap and a repeat are none") {
  SparkplugLink link;
  link.births(kDoor);
  const auto number = [&](std::optional<std::uint64_t> seq) {
    return link.hear("DDATA/edge/door", sparkplug_message(seq, {{"", 3, 0, 5}}));
  };
  for (std::uint64_t seq = 2; seq < 600; ++seq)
    REQUIRE_FALSE(has(number(seq % 256).observations.at(0), "sequence_gap"));
  CHECK_FALSE(has(number(87).observations.at(0), "sequence_gap"));  // once more
  CHECK(has(number(89).observations.at(0), "sequence_gap"));
  CHECK_FALSE(has(number(90).observations.at(0), "sequence_gap"));
  for (std::uint64_t seq = 91; seq < 256; ++seq) (void)number(seq);
  CHECK_FALSE(has(number({}).observations.at(0), "sequence_gap"));  // a zero left out, where one is due
  CHECK(contains(only_reject(number({})), "cut off"));
  CHECK(contains(only_reject(number(256)), "0 to 255"));
}

TEST_CASE(
    "sparkplug: births and deaths tell who is connected, a will of an older connection is passed over") {
  SparkplugLink link;
  auto out = link.births(kDoor);
  REQUIRE(out.reports.size() == 1);
  CHECK(out.reports[0].sensor == "edge/door");
  CHECK(out.reports[0].connected == true);
  CHECK(link.hear("NDEATH/edge", sparkplug_message({}, {{"bdSeq", {}, 8, 6}})).reports.empty());
  CHECK(link.hear("DDATA/edge/door", sparkplug_message(2, {{"", 1, 0, 101}})).rejects.empty());
  out = link.hear("NDEATH/edge", sparkplug_message({}, {{"bdSeq", {}, 8, 7}}));
  CHECK(out.rejects.empty());
  REQUIRE(out.reports.size() == 2);
  CHECK(out.reports[0].sensor == "edge");
  CHECK(out.reports[1].sensor == "edge/door");
  for (const auto& report : out.reports) CHECK(report.connected == false);
  CHECK(link.hear("DDATA/edge/door", sparkplug_message(3, {{"", 1, 0, 102}})).outbound.size() == 1);
}

TEST_CASE("sparkplug: the death of a device leaves the others alone") {
  SparkplugLink link;
  link.births(kDoor);
  link.hear("DBIRTH/edge/door-2", sparkplug_message(2, {{"Yard/In", 1, 8, 1}}));
  const auto out = link.hear("DDEATH/edge/door", sparkplug_message(3, {}));
  REQUIRE(out.reports.size() == 1);
  CHECK(out.reports[0].sensor == "edge/door");
  CHECK(out.reports[0].connected == false);
  CHECK(link.hear("DDATA/edge/door-2", sparkplug_message(4, {{"", 1, 0, 2}})).rejects.empty());
  CHECK(link.hear("DDATA/edge/door", sparkplug_message(5, {{"", 1, 0, 2}})).outbound.size() == 1);
}

TEST_CASE("sparkplug: the installation's lines name metrics, and no others count passages") {
  SparkplugLink link;
  link.settings.sensors["edge/door"]["front"] = {"Counters/A", "Counters/B"};
  auto out = link.births({{"Counters/A", 1, 8, 1},
                          {"Counters/B", 2, 8, 2},
                          {"Entrance/In", 3, 8, 3},
                          {"Shop/Occupancy", 4, 8, 4}});
  REQUIRE(out.observations.size() == 2);
  CHECK(out.observations[0].line == "front");
  CHECK(out.observations[0].count_in == 1);
  CHECK(out.observations[0].count_out == 2);
  CHECK(out.observations[1].region == "Shop");
}

TEST_CASE("sparkplug: names that state no count, or no whole number, count nobody") {
  SparkplugLink link;
  const auto out = link.births({{"Properties/In", 1, 8, 1},
                                {"Node Control/Out", 2, 8, 1},
                                {"Temperature", 3, 8, 1},
                                {"Mode/In", 4, 12, {}},
                                {"Pressure/In", 5, 10, {}},
                                {"Checkin", 6, 8, 1}});
  CHECK(out.rejects.empty());
  CHECK(out.observations.empty());
}

TEST_CASE("sparkplug: signed and small integers, truth values") {
  SparkplugLink link;
  const auto out = link.births({{"A/In", 1, 3, 7, {}, false, false, 10},
                                {"B/In", 2, 3, 0xFFFFFFFF, {}, false, false, 10},
                                {"C/In", 3, 5, 200, {}, false, false, 10},
                                {"D/In", 4, 8, ~std::uint64_t{0}},
                                {"Room/Occupied", 5, 11, 1, {}, false, false, 14}});
  REQUIRE(out.observations.size() == 3);
  CHECK(out.observations[0].count_in == 7);
  CHECK(out.observations[1].count_in == 200);
  CHECK(out.observations[2].kind == Kind::presence);
  CHECK(out.observations[2].occupancy == 1);
  REQUIRE(out.rejects.size() == 2);  // -1 people, and more than there are
  CHECK(contains(out.rejects[0].message, "B/In"));
  CHECK(contains(out.rejects[1].message, "D/In"));
}

TEST_CASE("sparkplug: commands and host states are accepted, foreign topics and compression refused") {
  SparkplugLink link;
  CHECK(link.hear("NCMD/edge", "what").rejects.empty());
  CHECK(link.hear("DCMD/edge/door", "ever").rejects.empty());
  const auto at = [&](std::string topic, const std::string& payload) {
    Frame frame;
    frame.topic = topic;
    frame.payload = payload;
    Decoded out;
    SparkplugB().decode(frame, {}, link.session, out);
    return out;
  };
  CHECK(at("spBv1.0/STATE/host", "{\"online\":true}").rejects.empty());
  CHECK(at("STATE/host", "ONLINE").rejects.empty());
  for (const char* topic :
       {"", "spAv1.0/G/NDATA/e", "spBv1.0/G/NDATA", "spBv1.0/G/NDATA//d", "spBv1.0/G/DDATA/e/d/x"})
    CHECK(contains(only_reject(at(topic, sparkplug_message(0, {}))), "spBv1.0/GROUP/TYPE/EDGE"));
  CHECK(contains(only_reject(at("spBv1.0/G/NWHAT/e", sparkplug_message(0, {}))), "NWHAT"));
  const auto packed = Protobuf().number(1, 5).bytes(4, "SPBV1.0_COMPRESSED").bytes(5, "zip").text;
  CHECK(contains(only_reject(at("spBv1.0/G/NDATA/e", packed)), "compressed"));
}

TEST_CASE("sparkplug: the memory is bounded, counts are remembered first") {
  SparkplugLink link;
  Metrics many;
  for (std::uint64_t i = 0; i < 4095; ++i)
    many.push_back({"Plc/Register " + std::to_string(i), 10 + i, 8, 1});
  many.push_back({"Entrance/In", 1, 8, 1});
  CHECK(link.births(many).rejects.empty());
  CHECK(link.session.notes.size() <= SparkplugBirths::kMostNotes);
  auto out = link.hear("DDATA/edge/door", sparkplug_message(2, {{"", 1, 0, 2}, {"", 4104, 0, 2}}));
  CHECK(out.rejects.empty());  // the alias there was no room for counts nobody
  CHECK(out.observations.at(0).count_in == 2);
  out = link.hear("DBIRTH/edge/late", sparkplug_message(3, kDoor));
  CHECK(contains(only_reject(out), "can be remembered"));
  CHECK(out.observations.size() == 2);  // a birth names what it states
  many.push_back({"One/Too many", 5000, 8, 1});
  CHECK(contains(only_reject(link.hear("DBIRTH/edge/door", sparkplug_message(4, many))), "4096"));
}

TEST_CASE("sparkplug: notes say when they changed, and a session made of them goes on where it was") {
  SparkplugLink link;
  link.births(kDoor);
  CHECK(link.session.notes_changed);
  SparkplugLink later;
  later.session.notes = link.session.notes;
  const auto out = later.hear("DDATA/edge/door", sparkplug_message(2, {{"", 1, 0, 104}}));
  CHECK(out.observations.at(0).count_in == 104);
  CHECK_FALSE(has(out.observations.at(0), "sequence_gap"));
  later.session.notes_changed = false;
  later.hear("DDATA/edge/door", sparkplug_message(2, {{"", 1, 0, 104}}));
  CHECK_FALSE(later.session.notes_changed);  // the same number again
}
