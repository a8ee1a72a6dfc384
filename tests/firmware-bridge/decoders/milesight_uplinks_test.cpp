#include <doctest/doctest.h>

#include "tests/firmware-bridge/decoders/uplink_lines.hpp"

using namespace lintel;
using Lines = std::vector<std::string>;

namespace {

constexpr const char* kVs121 = "milesight-vs121-lorawan";
constexpr const char* kPresence = "milesight-vs330-vs340-vs370-lorawan";
constexpr const char* kVs350 = "milesight-vs350-vs351-lorawan";
constexpr const char* kVs360 = "milesight-vs360-lorawan";

std::string here(const std::string& rest) {
  return " at - from - to - line '' region " + rest;
}

const std::string kInterval = " interval" + here("'' in ");
const std::string kTotal = " total below 65536" + here("'' in ");
const std::string kPresent = " presence" + here("'' in - out - people - ");

}  // namespace

TEST_CASE("vs121: the mask of regions is big endian, and somebody is no number of people") {
  CHECK(test::uplink_lines(kVs121, "04c903020002", 85) ==
        Lines{" level" + here("'' in - out - people 3"),
              " presence" + here("'1' in - out - people - [vacant]"),
              " presence" + here("'2' in - out - people - [occupied]")});
}

TEST_CASE("vs121: more regions than the mask has bits are refused, the people in all are kept") {
  CHECK(test::uplink_lines(kVs121, "04c903110002", 85) ==
        Lines{" level" + here("'' in - out - people 3"),
              "reject sanity byte 0: 17 regions; there are at most 16"});
}

TEST_CASE("vs121: the most people at once explain the level and are none themselves") {
  CHECK(test::uplink_lines(kVs121, "06cd05 04c903000000", 85) ==
        Lines{" level" + here("'' in - out - people 3 [max_in_window=5]")});
  CHECK(test::uplink_lines(kVs121, "06cd05", 85).empty());
}

TEST_CASE("vs121: passages below zero are refused") {
  CHECK(test::uplink_lines(kVs121, "05ccffff0100", 85) ==
        Lines{"reject sanity byte 0: -1 in and 1 out cannot be people"});
}

TEST_CASE("vs121: totals wrap at 65536, and the time of the report holds wherever it stands") {
  const std::string at = " at 2023-09-01T01:12:27Z from - to - line '' region '' in ";
  CHECK(test::uplink_lines(kVs121, "0dccffff0000 0f857b3af164 05cc01000200", 85) ==
        Lines{" total below 65536" + at + "65535 out 0 people - key total@1693530747",
              " interval" + at + "1 out 2 people - key interval@1693530747"});
}

TEST_CASE("vs121: what was stored keeps its own time, whatever the report's") {
  CHECK(
      test::uplink_lines(kVs121, "0f85ffffff6e 20ce7b3af1640201000200 20ce7b3af16404 01020304", 85).size() ==
      5);
  CHECK(
      test::uplink_lines(kVs121, "0f85ffffff6e 20ce7b3af1640201000200", 85) ==
      Lines{
          " interval at 2023-09-01T01:12:27Z from - to - line '' region '' in 1 out 2 people - [historical] "
          "key interval@1693530747"});
  CHECK(test::uplink_lines(kVs121, "20ce7b3af164070000 0009", 85)
            .back()
            .find("region '16' in - out - people 9") != std::string::npos);
  CHECK(test::uplink_lines(kVs121, "20ce7b3af1640305 20ce7b3af1641101 0100 0200 20ce7b3af1640800010002", 85)
            .empty());
}

TEST_CASE("vs121: line counts of which the meaning is not known are shown as refused, the rest is read") {
  CHECK(
      test::uplink_lines(kVs121, "10f701000200 05cc01000200", 85) ==
      Lines{kInterval + "1 out 2 people -",
            "reject unsupported byte 0: counts over a line, of which it is not known since when they count"});
}

TEST_CASE("vs121: a serial number has six bytes or eight") {
  CHECK(test::uplink_lines(kVs121, "ff086600b0940976 05cc01000200", 85).size() == 1);
  CHECK(test::uplink_lines(kVs121, "ff086614c39694870000 ff090102", 85).empty());
  CHECK(test::uplink_lines(kVs121, "ff086614c39694870000", 85).empty());
  CHECK(test::uplink_lines(kVs121, "ff086600b0940976", 85).empty());
  CHECK(test::uplink_lines(kVs121, "ff086600b0", 85) ==
        Lines{"reject length byte 0: channel FF of type 08 has 6 bytes of data, here are 3"});
}

TEST_CASE("presence: neither vacant nor occupied is refused, the battery is kept") {
  CHECK(test::uplink_lines(kPresence, "017564 030002", 85) ==
        Lines{"report  connected - uptime - battery 100 %",
              "reject sanity byte 3: 2 is neither vacant (0) nor occupied (1)"});
}

TEST_CASE("presence: light is told with it, where the model measures it") {
  CHECK(test::uplink_lines(kPresence, "030001 040001", 85) == Lines{kPresent + "[occupied] [bright]"});
  CHECK(test::uplink_lines(kPresence, "030000 0400fe", 85) == Lines{kPresent + "[vacant]"});
  CHECK(test::uplink_lines(kPresence, "040000", 85).empty());
}

TEST_CASE("presence: a failed calibration is a fault") {
  CHECK(test::uplink_lines(kPresence, "0282f401 038e00 048e00", 85) ==
        Lines{kPresent + "[vacant]", "report  connected - uptime - [calibration failed]"});
}

TEST_CASE("presence: a door contact of the same vendor is not recognised as people") {
  CHECK_FALSE(test::recognises(kPresence, "017564 030001 040001", 85));
  CHECK(test::recognises(kPresence, "017562 038e01", 85));
}

TEST_CASE("vs350: totals and intervals state the same people, each as what it is") {
  CHECK(test::uplink_lines(kVs350, "04ccffff1600 05cc13001400", 85) ==
        Lines{kTotal + "65535 out 22 people -", kInterval + "19 out 20 people -"});
}

TEST_CASE("vs350: a threshold that was passed does not change the count") {
  CHECK(test::uplink_lines(kVs350, "84cc0111081101", 85) ==
        Lines{kTotal + "4353 out 4360 people - [threshold_alarm]"});
  CHECK(test::uplink_lines(kVs350, "84cc0111081100", 85) == Lines{kTotal + "4353 out 4360 people -"});
}

TEST_CASE("vs350: the report's time holds for its counts and not for stored ones") {
  CHECK(
      test::uplink_lines(kVs350, "05cc01000200 20ce7b3af164000b000400 0aefccae476a", 85) ==
      Lines{
          " interval at 2026-07-03T12:45:00Z from - to - line '' region '' in 1 out 2 people - key "
          "interval@1783082700",
          " interval at 2023-09-01T01:12:27Z from - to - line '' region '' in 11 out 4 people - [historical] "
          "key interval@1693530747"});
}

TEST_CASE("vs350: the same second has the same key, reported or stored, so that it can count once") {
  const Lines reported = test::uplink_lines(kVs350, "0aef7b3af164 05cc0b000400", 85);
  const Lines stored = test::uplink_lines(kVs350, "20ce7b3af164000b000400", 85);
  const auto key = [](const Lines& lines) { return lines.at(0).substr(lines.at(0).find(" key ")); };
  CHECK(key(reported) == key(stored));
}

TEST_CASE("vs350: a stored record of an unknown kind ends what can be read") {
  CHECK(test::uplink_lines(kVs350, "20ce7b3af164000b000400 20ce7b3af164020b000400", 85)
            .back()
            .starts_with("reject unsupported byte 11: channel 20 of type CE is not known"));
  CHECK(test::uplink_lines(kVs350, "20ce7b3af164010b0004001d00", 85) ==
        Lines{"reject length byte 0: channel 20 of type CE has 13 bytes of data, here are 11"});
}

TEST_CASE("vs350: temperature, its alarm, sensitivity and power count nobody") {
  CHECK(test::uplink_lines(kVs350, "03670c01 8367360101 81ee43 ffcc00", 85).empty());
}

TEST_CASE("vs350: an answer that set the totals back counts nobody") {
  CHECK(test::uplink_lines(kVs350, "fea801 fef000", 85).front().starts_with("reject unsupported byte 3"));
  CHECK(test::uplink_lines(kVs350, "fea801 ffa601 f8100000", 85).empty());
}

TEST_CASE("vs350: is recognised by what a VS360 does not send") {
  CHECK(test::recognises(kVs350, "05cc01000200 03670c01", 85));
  CHECK_FALSE(test::recognises(kVs350, "05cc01000200 017564", 85));
  CHECK_FALSE(test::recognises(kVs350, "03670c01", 85));
}

TEST_CASE("vs360: of two batteries the lower one is told") {
  CHECK(test::uplink_lines(kVs360, "017564 027509", 85) == Lines{"report  connected - uptime - battery 9 %"});
  CHECK(test::uplink_lines(kVs360, "0175ff 027509", 85) == Lines{"report  connected - uptime - battery 9 %"});
}

TEST_CASE("vs360: the last word on each event holds") {
  CHECK(test::uplink_lines(kVs360, "03f40001 03f40000 03f40101 03f40201", 85) ==
        Lines{"report  connected - uptime - [the unit opposite is silent] [the units are misaligned]"});
  CHECK(test::uplink_lines(kVs360, "03f40200", 85) == Lines{"report  connected - uptime -"});
}

TEST_CASE("vs360: counts that cannot be right are marked, and kept") {
  CHECK(test::uplink_lines(kVs360, "04cc01000200 03f40001", 85) ==
        Lines{kTotal + "1 out 2 people - [counter_defect]",
              "report  connected - uptime - [counts cannot be right]"});
}

TEST_CASE("vs360: an unknown event is refused, what follows is read") {
  CHECK(test::uplink_lines(kVs360, "03f40701 04cc01000200", 85) ==
        Lines{kTotal + "1 out 2 people -", "report  connected - uptime -",
              "reject unsupported byte 0: event 7 with state 1 is not known"});
}
