#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using Lines = std::vector<std::string>;

namespace {

const Decoder& board() {
  return *decoders::Registry::built_in().find("st-vl53l1x-arduino-lines");
}

/// Decodes lines one after the other in one session.
Lines decode(const Lines& lines) {
  DecodeSession session;
  Decoded decoded;
  for (const std::string& line : lines) {
    Frame frame;
    frame.payload = line;
    board().decode(frame, {}, session, decoded);
  }
  return test::describe(decoded);
}

std::string event(const std::string& rest) {
  return " event at - from - to - line '' region '' " + rest;
}
std::string level(int people) {
  return " level at - from - to - line '' region '' in - out - people " + std::to_string(people);
}

}  // namespace

TEST_CASE("st lines: a passage carries the board's own net count") {
  CHECK(decode({"Walk In, People Count=1", "Walk Out, People Count=-1\r"}) ==
        Lines{event("in 1 out 0 people 1"), event("in 0 out 1 people -1 [negative_net]")});
}

TEST_CASE("st lines: plus and minus count one each, with or without line ends between them") {
  CHECK(decode({"+-+"}) == decode({"+", "-", "+"}));
  CHECK(decode({"+-"}) == Lines{event("in 1 out 0 people -"), event("in 0 out 1 people -")});
  CHECK(board().stands_alone("+-+"));
  CHECK_FALSE(board().stands_alone("+1"));
  CHECK_FALSE(board().stands_alone("Walk"));
  CHECK_FALSE(board().stands_alone(""));
}

TEST_CASE("st lines: a number alone is how many are present") {
  CHECK(decode({"0", "17"}) == Lines{level(0), level(17)});
  CHECK(decode({"-2"}) == Lines{"reject sanity fewer than no people present: \"-2\""});
}

TEST_CASE("st lines: the first passage after a restart says so") {
  CHECK(decode({"Starting...", "Walk In, People Count=1", "Starting...", "Walk In, People Count=1",
                "Walk In, People Count=2"}) == Lines{event("in 1 out 0 people 1"),
                                                     event("in 1 out 0 people 1 [device_restarted]"),
                                                     event("in 1 out 0 people 2")});
}

TEST_CASE("st lines: what the sketches print besides is nothing") {
  CHECK(decode({"", "   ", "Starting...", "Start counting people with profile : DOOR_JAM_2400...",
                "0,1998,1998,0,0", "1,812,812,0,-3", "Wrong path", "Error in operating the device",
                "VL53L1X sensor init ok", "Debug: ROI 8x16"})
            .empty());
}

TEST_CASE("st lines: what could be a damaged count is refused, not passed over") {
  for (const char* line : {"lk In, People Count=3", "Walk In, People Count=", "Walk In, People Count=1x",
                           "Walk In, People Count=99999999", "Wa1k In, People Count=2", "Walk Imn", "3,",
                           "1,812,812,0", "+1", "k", "*", "12345678901234567890", "+-x"})
    CHECK_MESSAGE(decode({line}).front().starts_with("reject unsupported not a line that these boards print"),
                  line);
  CHECK(decode({"\xFF\x80\x03"}).front().starts_with("reject integrity bytes that are no text"));
  CHECK(decode({std::string(300, '+')}).front().starts_with("reject length a line of 300 bytes"));
}

TEST_CASE("st lines: a sign or number right after noise is not believed, the next one is") {
  const Lines lines = decode({"\x91\xE4", "+", "+", "\x91", "7", "7", "\x91", "Walk In, People Count=1"});
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] == event("in 1 out 0 people -"));
  CHECK(lines[1] == level(7));
  CHECK(lines[2] == event("in 1 out 0 people 1"));
  CHECK(lines[4].starts_with("reject sanity right after bytes that are no text"));
}

TEST_CASE("st lines: among sentences a bare number is a torn line, not a level") {
  const Lines lines = decode({"Walk In, People Count=12", "2", "-"});
  REQUIRE(lines.size() == 3);
  CHECK(lines[1] == "reject length from a board that prints sentences, this is only the end of one: \"2\"");
  CHECK(lines[2].starts_with("reject length"));
}
