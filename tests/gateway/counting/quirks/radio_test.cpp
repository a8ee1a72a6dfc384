// Quirks of counting that the sources of LoRaWAN formats document. The payloads come bare, as an envelope has
// unwrapped them, unless the quirk is the envelope's.
#include <doctest/doctest.h>

#include "tests/gateway/counting/quirks/door.hpp"

using namespace lintel::test::quirks;
using lintel::counting::Rule;

namespace {

Message uplink(const std::string& hex, std::uint8_t port) {
  return {bytes(hex), {}, false, port};
}

}  // namespace

TEST_CASE(
    "envelope-chirpstack: a repeated frame counter is a repeat, and after a join it begins again at 0") {
  Door door("envelope-chirpstack");
  const auto first = message_of("envelope-chirpstack/v4-up-vs133.composed.json");
  door.hear(first, "2022-07-18T09:34:20Z");
  // Switched off over night and joined anew, each day: the same counter, five people more.
  const auto on = [&](const char* day, const char* data) {
    const auto up = first.with("A9JIAAAABNLIAAAABcwFAAcA", data).with("2022-07-18T", std::string(day) + "T");
    door.hear(up, std::string(day) + "T09:34:20Z");
    const auto counted = door.in();
    door.hear(up, std::string(day) + "T09:35:20Z");
    CHECK(door.rule() == Rule::repeated);
    CHECK(door.in() == counted);
    return counted;
  };
  CHECK(on("2022-07-19", "A9JNAAAABNLPAAAABcwFAAcA") == 5);
  CHECK(on("2022-07-20", "A9JSAAAABNLWAAAABcwFAAcA") == 10);
}

TEST_CASE("envelope-tts-v3: a frame counter that is left out is 0, and the uplink again adds nothing") {
  Door door("envelope-tts-v3");
  const auto up = message_of("envelope-tts-v3/up-vs133-first-frame.composed.json");
  door.hear(up, "2022-07-18T09:34:20Z");
  const auto counted = door.in();
  door.hear(up, "2022-07-18T09:35:20Z");
  CHECK(door.rule() == Rule::repeated);
  CHECK(door.in() == counted);
}

TEST_CASE("hkt-people-counter: the count since the last report and the total of one message count once") {
  Door door("hkt-people-counter");
  const auto hear = [&](const char* since, const char* totals, const char* at) {
    door.hear({bytes(std::string("686b74000707") + since + totals)}, at);
  };
  hear("00000000", "000000c8000000c8", "2026-01-01T10:00:00Z");
  const auto before = door.in();
  hear("00030001", "000000cb000000c9", "2026-01-01T10:10:00Z");
  CHECK(door.in() - before == 3);
  hear("00050000", "000000d2000000c9", "2026-01-01T10:30:00Z");  // a report of two people was lost
  CHECK(door.in() - before == 10);
}

TEST_CASE("imbuildings-people-counter: totals wrap at 65536 and give back what a lost report had") {
  Door door("imbuildings-people-counter");
  const auto hear = [&](const char* since, const char* totals, const char* number, const char* at) {
    door.hear(uplink(std::string("02060004a30b00f6b5690800f8") + since + "20" + totals + number, 1), at);
  };
  hear("00000000", "fffe05e6", "60", "2026-01-01T10:00:00Z");
  const auto before = door.in();
  hear("00030000", "000105e6", "61", "2026-01-01T10:10:00Z");
  CHECK(door.in() - before == 3);
  hear("00030000", "000105e6", "61", "2026-01-01T10:10:30Z");  // the same payload counter
  CHECK(door.in() - before == 3);
  hear("00020000", "000a05e6", "63", "2026-01-01T10:30:00Z");
  CHECK(door.in() - before == 12);
}

TEST_CASE("lorawan-motion-counters: motion is not people") {
  for (const char* id :
       {"lorawan-motion-counters/browan-tbms100-motion", "lorawan-motion-counters/pipiot-peoplesense",
        "lorawan-motion-counters/tektelic-pir-occupied"}) {
    Door door("lorawan-motion-counters");
    door.hear(message_of(id), "2026-01-01T10:00:00Z");
    CHECK(door.scalar("select count(*) from people_counting_raw") == 0);
  }
}

TEST_CASE("milesight-vs121-lorawan: totals wrap at 65536") {
  Door door("milesight-vs121-lorawan");
  door.hear(uplink("0dccfeff0000", 85), "2026-01-01T10:00:00Z");
  door.hear(uplink("0dcc03000000", 85), "2026-01-01T10:10:00Z");
  CHECK(door.rule() == Rule::wrapped);
  CHECK(door.in() == 5);
}

TEST_CASE("milesight-vs13x-lorawan: a total and the period it contains count once, in either order") {
  for (const bool total_first : {true, false}) {
    Door door("milesight-vs13x-lorawan");
    const auto hear = [&](const char* total, const char* period, const char* at) {
      const auto a = std::string("03d2") + total + "04d200000000", b = std::string("05cc") + period + "0000";
      door.hear(uplink(total_first ? a + b : b + a, 85), at);
    };
    hear("d9150000", "0000", "2026-01-01T10:00:00Z");
    hear("de150000", "0500", "2026-01-01T10:10:00Z");
    CHECK(door.in() == 5);
    hear("e1150000", "0300", "2026-01-01T10:20:00Z");
    CHECK(door.in() == 8);
  }
}

TEST_CASE("milesight-vs13x-lorawan: a total that was reset by schedule or command counts what came since") {
  Door door("milesight-vs13x-lorawan");
  door.hear(message_of("milesight-vs13x-lorawan/total-4-lines"), "2026-01-01T10:00:00Z");
  door.hear(uplink("0cd2030000000dd205000000", 85), "2026-01-01T10:10:00Z");
  CHECK(door.rule() == Rule::reset);
  CHECK(door.in() == 3);
  CHECK(door.out() == 5);
}

TEST_CASE("milesight-vs330-vs340-vs370-lorawan: presence is not passing") {
  Door door("milesight-vs330-vs340-vs370-lorawan");
  door.hear(message_of("milesight-vs330-vs340-vs370-lorawan/vs330-occupied"), "2026-01-01T10:00:00Z");
  CHECK(door.scalar("select count(*) from people_counting_raw") == 0);
}

TEST_CASE(
    "milesight-vs350-vs351-lorawan: stored records that come again add nothing, however many came between") {
  Door door("milesight-vs350-vs351-lorawan");
  const auto stored = message_of("milesight-vs350-vs351-lorawan/history-period");
  door.hear(stored, "2023-09-01T02:00:00Z");
  CHECK(door.in() == 11);
  CHECK(door.out() == 4);
  for (int i = 1; i < 60; ++i) {  // other records, a second apart: 9bc3..
    const char digits[] = {"0123456789abcdef"[i / 16], "0123456789abcdef"[i % 16], '\0'};
    door.hear(uplink(std::string("20ce") + digits + "3af16400" + "0100" + "0000", 85),
              "2023-09-01T03:00:00Z");
  }
  const auto in = door.in();
  door.hear(stored, "2023-09-01T04:00:00Z");
  CHECK(door.in() == in);
}

TEST_CASE("milesight-vs350-vs351-lorawan: 16-bit totals wrap, and fall when a schedule resets them") {
  Door door("milesight-vs350-vs351-lorawan");
  door.hear(uplink("04ccfeff0a00", 85), "2026-01-01T10:00:00Z");
  door.hear(uplink("04cc02000b00", 85), "2026-01-01T10:10:00Z");
  CHECK(door.rule() == Rule::wrapped);
  CHECK(door.in() == 4);
  CHECK(door.out() == 1);
  door.hear(uplink("04cc01000300", 85), "2026-01-01T10:20:00Z");
  CHECK(door.rule() == Rule::reset);
  CHECK(door.in() == 5);
}

TEST_CASE(
    "milesight-vs360-lorawan: the total and the period of one report count once, an anomaly counts nobody") {
  Door door("milesight-vs360-lorawan");
  const auto report = message_of("milesight-vs360-lorawan/total-and-period");
  door.hear(report, "2026-01-01T10:00:00Z");
  const auto before = door.in();
  door.hear(uplink("04cc1500160005cc03000000", 85), "2026-01-01T10:10:00Z");
  CHECK(door.in() - before == 3);
  door.hear(message_of("milesight-vs360-lorawan/events"), "2026-01-01T10:11:00Z");
  CHECK(door.in() - before == 3);
}

TEST_CASE(
    "terabee-l-xl-m-lorawan: a total that a command has set is no crowd, a reset counts what came since") {
  Door door("terabee-l-xl-m-lorawan");
  door.hear(message_of("terabee-l-xl-m-lorawan/l-xl-counts"), "2026-01-01T10:00:00Z");
  door.hear(uplink("000186a0000001c800", 1), "2026-01-01T10:10:00Z");
  CHECK(door.rule() == Rule::implausible);
  CHECK(door.in() == 0);
  door.hear(uplink("000000040000000200", 1), "2026-01-01T10:20:00Z");
  CHECK(door.rule() == Rule::reset);
  CHECK(door.in() == 4);
  CHECK(door.out() == 2);
}

TEST_CASE("yosensi-yo-people-counter: the period and the sum of one report count once") {
  Door door("yosensi-yo-people-counter");
  door.hear(message_of("yosensi-yo-people-counter/counts"), "2026-01-01T10:00:00Z");
  const auto before = door.in();
  door.hear(message_of("yosensi-yo-people-counter/counts"), "2026-01-01T10:00:20Z");
  CHECK(door.in() == before);
}
