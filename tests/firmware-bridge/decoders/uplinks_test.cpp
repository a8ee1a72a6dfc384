#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"
#include "tests/firmware-bridge/decoders/uplink_lines.hpp"

using namespace lintel;
using namespace lintel::bridge;
using Lines = std::vector<std::string>;

namespace {

constexpr const char* kHkt = "hkt-people-counter";
constexpr const char* kImbuildings = "imbuildings-people-counter";
constexpr const char* kMotion = "lorawan-motion-counters";
constexpr const char* kTerabee = "terabee-l-xl-m-lorawan";
constexpr const char* kYosensi = "yosensi-yo-people-counter";

std::string at(const std::string& where, const std::string& rest) {
  return " at - from - to - line '' region '" + where + "' " + rest;
}

Lines decode_text(const std::string& text) {
  Frame frame;
  frame.payload = text;
  DecodeSession session;
  Decoded decoded;
  decoders::Registry::built_in().find(kImbuildings)->decode(frame, {}, session, decoded);
  return test::describe(decoded);
}

std::string nbiot(const std::string& values) {
  return R"({"reports":[)" + values + R"(],"registrations":[]})";
}

}  // namespace

TEST_CASE("hkt: interval and total are both told, and need not agree") {
  CHECK(test::uplink_lines(kHkt, "686b740007 07 0078 0096 ffffffff 000000c8") ==
        Lines{" interval" + at("", "in 120 out 150 people -"),
              " total below 4294967296" + at("", "in 4294967295 out 200 people -")});
}

TEST_CASE("hkt: what it says of itself is a report") {
  CHECK(test::uplink_lines(kHkt, "686b740000 010102 0364 8601e1 0401 05001e 060064 8300") ==
        Lines{"report  connected - uptime - battery 100 % firmware 2"});
  CHECK(test::uplink_lines(kHkt, "686b740009 8400 8305") ==
        Lines{"report  connected - uptime - tampered [infrared error 5]"});
  CHECK(test::uplink_lines(kHkt, "686b740009 8401") == Lines{"report  connected - uptime - untouched"});
}

TEST_CASE("hkt: an unknown item keeps what came before and is named with its place") {
  CHECK(test::uplink_lines(kHkt, "686b740000 0364 99 0102") ==
        Lines{"report  connected - uptime - battery 100 %",
              "reject unsupported byte 7: item 99 is not known, so nothing from there on can be read"});
  CHECK(test::uplink_lines(kHkt, "686b740000 0364 070078") ==
        Lines{"report  connected - uptime - battery 100 %", "reject length byte 7: item 07 is cut off"});
}

TEST_CASE("hkt: bytes without its head are not its") {
  CHECK(test::uplink_lines(kHkt, "686b7501 0364").front().starts_with("reject unsupported byte 0"));
  CHECK_FALSE(test::recognises(kHkt, "686b740000"));
  CHECK(test::recognises(kHkt, "686b740000 0364"));
}

TEST_CASE("imbuildings: every variant has its length and its counts") {
  const std::string head = "0004a30b00f0d40e 00 0100";
  CHECK(test::uplink_lines(kImbuildings, "0205" + head + "0003 0002 00 6a", 1) ==
        Lines{"0004a30b00f0d40e interval" + at("", "in 3 out 2 people - [seq=106] key seq=106 3/2 -/-"),
              "report 0004a30b00f0d40e connected - uptime - battery 2560 mV"});
  CHECK(
      test::uplink_lines(kImbuildings, "0207" + head + "20 ffff 000a", 1) ==
      Lines{"0004a30b00f0d40e total below 65536" + at("", "in 65535 out 10 people - [receiver_low_battery]"),
            "report 0004a30b00f0d40e connected - uptime - battery 2560 mV [battery of the receiver is low]"});
  CHECK(test::uplink_lines(kImbuildings, "0203 e8eb1b4f131d 00 010b 8f 0102 0304 00") ==
        Lines{"e8eb1b4f131d interval" + at("", "in 258 out 772 people -"),
              "report e8eb1b4f131d connected - uptime - battery 2670 mV signal -113 dBm"});
  CHECK(test::uplink_lines(kImbuildings, "0202 e8eb1b4f131d 00 010b 8f 01 02 00").front() ==
        "e8eb1b4f131d interval" + at("", "in 1 out 2 people -"));
}

TEST_CASE("imbuildings: a length that is not the variant's is refused whole") {
  CHECK(test::uplink_lines(kImbuildings, "0206 0004a30b00f0d40e 00 0100 0000 0000 20 000d 000a", 1) ==
        Lines{"reject length the uplink: variant 6 has 23 bytes, here are 22"});
  CHECK(test::uplink_lines(kImbuildings, "0208 00", 1) ==
        Lines{"reject unsupported the uplink: variant 8 is not known; expected 2 to 7"});
  CHECK(test::uplink_lines(kImbuildings, "0401", 1)
            .front()
            .starts_with("reject unsupported the uplink: device"));
}

TEST_CASE("imbuildings: on ports 26 and 27 the head is missing, and with it the identity") {
  CHECK(test::uplink_lines(kImbuildings, "00 0100 0003 0002 00 000d 000a 6a", 26) ==
        Lines{" interval" + at("", "in 3 out 2 people - [seq=106] key seq=106 3/2 13/10"),
              " total below 65536" + at("", "in 13 out 10 people - [seq=106] key seq=106 3/2 13/10"),
              "report  connected - uptime - battery 2560 mV"});
  CHECK(test::uplink_lines(kImbuildings, "00 0100 00 000d 000a", 27).front() ==
        " total below 65536" + at("", "in 13 out 10 people -"));
  CHECK(test::uplink_lines(kImbuildings, "7b 0100 00 000d 000a", 27).size() == 2);  // 7B is no JSON here
  CHECK(test::uplink_lines(kImbuildings, "00 0100 00 000d", 27) ==
        Lines{"reject length 6 bytes; expected 8 on this port"});
}

TEST_CASE("imbuildings: the number of a payload alone does not make it a repeat") {
  const auto key = [](const std::string& counts) {
    const Lines lines =
        test::uplink_lines(kImbuildings, "0205 0004a30b00f0d40e 00 0100 " + counts + " 00 6a", 1);
    return lines.at(0).substr(lines.at(0).find(" key "));
  };
  CHECK(key("0003 0002") == " key seq=106 3/2 -/-");
  CHECK(key("0004 0002") == " key seq=106 4/2 -/-");
}

TEST_CASE("imbuildings: a batch is every report's own, and one that is broken leaves the others") {
  const std::string good = R"({"value":"0204e8eb1b4f131d00010b8f202302031035000001000200"})";
  CHECK(decode_text(nbiot(good + "," + good)).size() == 4);
  const Lines lines = decode_text(nbiot(R"({"value":"02zz"},{"value":5},{"value":"0204"},)" + good));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].starts_with("e8eb1b4f131d interval at 2023-02-03T10:35:00Z"));
  CHECK(lines[2] == "reject integrity /reports/0/value: expected an even number of hex digits");
  CHECK(lines[3] == "reject unsupported /reports/1/value: expected a payload in hex");
  CHECK(lines[4] == "reject length /reports/2/value: variant 4 has 24 bytes, here are 2");
  CHECK(decode_text(nbiot("")).empty());
  CHECK(decode_text("{}") == Lines{"reject unsupported /reports: expected a list of reports"});
}

TEST_CASE("imbuildings: a time that is none is said, and the count kept") {
  const Lines lines = decode_text(nbiot(R"({"value":"0204e8eb1b4f131d00010b8f202302311035000001000200"})"));
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "e8eb1b4f131d interval" + at("", "in 1 out 2 people - [invalid_timestamp]"));
  CHECK(lines[2] == "reject sanity /reports/0/value: the time is none of any calendar");
}

TEST_CASE("imbuildings: a battery of no volts makes it somebody else's") {
  CHECK(test::recognises(kImbuildings, "0205 0004a30b00f0d40e 00 0100 0003 0002 00 6a", 1));
  CHECK_FALSE(test::recognises(kImbuildings, "0205 0004a30b00f0d40e 00 0000 0003 0002 00 6a", 1));
}

TEST_CASE("motion: how often somebody moved is no number of people") {
  CHECK(test::uplink_lines(kMotion, "017b341600510c00", 102) ==
        Lines{" presence" + at("",
                               "in - out - people - [occupied] [motion_total=3153] "
                               "[minutes_since_last_motion=22]"),
              "report  connected - uptime - battery 3600 mV"});
}

TEST_CASE("motion: ports tell the devices apart, and without one nobody is guessed") {
  CHECK(test::uplink_lines(kMotion, "017b341600510c00")
            .front()
            .starts_with("reject unsupported 8 bytes on port unknown"));
  CHECK(
      test::uplink_lines(kMotion, "0a00ff", 85).front().starts_with("reject unsupported 3 bytes on port 85"));
  CHECK(test::uplink_lines(kMotion, "017b34", 102) == Lines{"reject length 3 bytes; Browan sends 8"});
}

TEST_CASE("motion: a channel that is not documented ends what can be read") {
  CHECK(test::uplink_lines(kMotion, "0a00ff 0367 00c8", 10) ==
        Lines{" presence" + at("", "in - out - people - [occupied]"),
              "reject unsupported byte 3: a channel other than 0A 00, so nothing from there on can be read"});
  CHECK(test::uplink_lines(kMotion, "0a0001", 10).front().starts_with("reject sanity byte 2: 01"));
}

TEST_CASE("motion: an estimate of the crowd says that it is one, and is not recognised in strange bytes") {
  CHECK(test::uplink_lines(kMotion, "008d00090000400801008001", 1) ==
        Lines{" level" + at("", "in - out - people 9 [estimate]")});
  CHECK_FALSE(test::recognises(kMotion, "008d00090000400801008001", 1));
}

TEST_CASE("terabee: without a port nothing can be said") {
  CHECK(test::uplink_lines(kTerabee, "000000c8000001c800") ==
        Lines{"reject unsupported without the port it came on (1, 82, 83, ...) the payload cannot be told "
              "apart"});
  CHECK_FALSE(test::recognises(kTerabee, "000000c8000001c800"));
}

TEST_CASE("terabee: the third flag means another thing on each device") {
  const std::string totals = " total below 4294967296" + at("", "in 200 out 456 people -");
  CHECK(test::uplink_lines(kTerabee, "000000c8000001c804", 1) ==
        Lines{totals + " [multi_device_issue]",
              "report  connected - uptime - [devices that work together disagree]"});
  CHECK(test::uplink_lines(kTerabee, "000000c8000001c804", 82) == Lines{totals + " [network_on]"});
}

TEST_CASE("terabee: an answer with counts says that it is one, the others count nobody") {
  CHECK(test::uplink_lines(kTerabee, "02000000c8000001c8", 2) ==
        Lines{" total below 4294967296" + at("", "in 200 out 456 people - [reply]")});
  CHECK(test::uplink_lines(kTerabee, "ff0100", 2).empty());
  CHECK(test::uplink_lines(kTerabee, "0100", 7).empty());
  CHECK(test::uplink_lines(kTerabee, "02000000c8", 2) ==
        Lines{"reject length 5 bytes; expected 9 on this port"});
  CHECK(test::uplink_lines(kTerabee, "0100", 9) ==
        Lines{"reject unsupported port 9 is not one of Terabee's"});
}

TEST_CASE("terabee: a zone that does not exist is not a zone without people") {
  CHECK(test::uplink_lines(kTerabee, "000500ffffffffffff05", 83) ==
        Lines{" level" + at("", "in - out - people 5"), " level" + at("0", "in - out - people 0"),
              " level" + at("7", "in - out - people 5")});
}

TEST_CASE("terabee: numbers from the warm-up are marked") {
  for (const std::string& line : test::uplink_lines(kTerabee, "0800 0000ffffffffffff", 83))
    CHECK(line.ends_with("[warmup]"));
}

TEST_CASE("terabee: another device's nine bytes on port 1 are not recognised") {
  CHECK_FALSE(test::recognises(kTerabee, "017564 030001 040000", 1));
  CHECK_FALSE(test::recognises(kTerabee, "000000c8000001c8f0", 1));
  CHECK_FALSE(test::recognises(kTerabee, "000000c8000001c800", 85));
}

TEST_CASE("yosensi: sums are totals, periods are intervals, the difference is neither") {
  CHECK(test::uplink_lines(kYosensi, "026b003d 60001100 0008 60001303 0000004d 60001304 ffffffd9") ==
        Lines{" interval" + at("", "in 8 out - people - key message=107 8/- -/77"),
              " total" + at("", "in - out 77 people - [device_net=-39] key message=107 8/- -/77")});
}

TEST_CASE("yosensi: a sum below zero, an unknown channel and a second value are refused, the rest is kept") {
  CHECK(test::uplink_lines(kYosensi, "026b003d 60001302 ffffffff 60001101 000a") ==
        Lines{" interval" + at("", "in - out 10 people - key message=107 -/10 -/-"),
              "reject sanity byte 4: -1 cannot be people"});
  CHECK(test::uplink_lines(kYosensi, "026b003d 60001105 0008")
            .front()
            .starts_with("reject unsupported byte 4"));
  CHECK(test::uplink_lines(kYosensi, "026b003d 60001100 0008 60001100 0009")
            .front()
            .starts_with("reject sanity byte 10: channel 00 for a second time"));
}

TEST_CASE("yosensi: a record of unknown format keeps what came before") {
  CHECK(
      test::uplink_lines(kYosensi, "026b003d 60001100 0008 600022 00") ==
      Lines{" interval" + at("", "in 8 out - people - key message=107 8/- -/-"),
            "reject unsupported byte 10: a record of format 22 is not known, so nothing from there on can be "
            "read"});
  CHECK(test::uplink_lines(kYosensi, "026b003d 60001100 00") ==
        Lines{"reject length byte 4: a record is cut off"});
}

TEST_CASE("yosensi: environment counts nobody") {
  CHECK(test::uplink_lines(kYosensi, "026a0001 080001149a 0d000100f8 10000016") ==
        Lines{"report  connected - uptime - battery 5274 mV"});
}
