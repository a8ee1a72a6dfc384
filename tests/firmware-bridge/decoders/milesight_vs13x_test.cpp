#include <doctest/doctest.h>

#include "tests/firmware-bridge/decoders/uplink_lines.hpp"

using namespace lintel;
using Lines = std::vector<std::string>;

namespace {

Lines decode(std::string_view hex) {
  return test::uplink_lines("milesight-vs13x-lorawan", hex, 85);
}

std::string total(const std::string& line, const std::string& rest) {
  return " total below 4294967296 at - from - to - line '" + line + "' region '' " + rest;
}

}  // namespace

TEST_CASE("vs13x: in and out of a line become one statement, whatever stands between them") {
  CHECK(decode("03d248000000 06d201000000 07d202000000 04d2c8000000") ==
        Lines{total("1", "in 72 out 200 people -"), total("2", "in 1 out 2 people -")});
}

TEST_CASE("vs13x: a direction that is not stated is not zero") {
  CHECK(decode("03d248000000") == Lines{total("1", "in 72 out - people -")});
  CHECK(decode("0dd248000000") == Lines{total("4", "in - out 72 people -")});
}

TEST_CASE("vs13x: the same total twice in one uplink is two statements") {
  CHECK(decode("03d248000000 03d249000000") ==
        Lines{total("1", "in 72 out - people -"), total("1", "in 73 out - people -")});
}

TEST_CASE("vs13x: a total says that it is of 32 bits, an interval has no window") {
  CHECK(decode("03d2ffffffff 05cc01000200") ==
        Lines{total("1", "in 4294967295 out - people -"),
              " interval at - from - to - line '1' region '' in 1 out 2 people -"});
}

TEST_CASE("vs13x: an unknown channel keeps what came before and is named with its place") {
  CHECK(
      decode("03d248000000 77aa0102 04d2c8000000") ==
      Lines{total("1", "in 72 out - people -"),
            "reject unsupported byte 6: channel 77 of type AA is not known, so nothing from there on can be "
            "read"});
}

TEST_CASE("vs13x: a channel that is cut off keeps what came before") {
  CHECK(decode("03d248000000 04d2c80000") ==
        Lines{total("1", "in 72 out - people -"),
              "reject length byte 6: channel 04 of type D2 has 4 bytes of data, here are 3"});
  CHECK(decode("03d248000000 04") ==
        Lines{total("1", "in 72 out - people -"), "reject length byte 6: a channel without its type"});
}

TEST_CASE("vs13x: what the device says of itself is a report and no count") {
  CHECK(decode("ff0bff ff0101 ff166614c39694870000 ff090102 ff1f84010001 ff0f00 fffeff") ==
        Lines{"report  connected - uptime - firmware 132.1.0.1"});
  CHECK(decode("ff0a0110") == Lines{"report  connected - uptime - firmware 1.10"});
}

TEST_CASE("vs13x: answers to downlinks count nobody and do not stop the counts behind them") {
  CHECK(decode("fe5101 ff030a00 f884013c0000 f98401 3c00 03d248000000") ==
        Lines{total("1", "in 72 out - people -")});
}

TEST_CASE("vs13x: a lens that is covered is tampering, on a node a fault") {
  CHECK(decode("50fc000001") == Lines{"report  connected - uptime - tampered [lens covered]"});
  CHECK(decode("50fc000000") == Lines{"report  connected - uptime - untouched"});
  CHECK(decode("50fc000201") == Lines{"report  connected - uptime - [lens of node 2 covered]"});
}

TEST_CASE("vs13x: children are part of the count and never on top of it") {
  CHECK(decode("03d248000000 11d203000000 05cc01000200 13cc01000000 12d201000000") ==
        Lines{total("1", "in 72 out - people - [children_in=3] [children_out=1]"),
              " interval at - from - to - line '1' region '' in 1 out 2 people - [children_in=1] "
              "[children_out=0]"});
  CHECK(decode("11d203000000 1de301020304 1ee4010000 0000").empty());
}

TEST_CASE("vs13x: what was stored in the device comes with its own time and a key against repeats") {
  const std::string time = "2023-09-01T01:12:27Z from - to - line '2' region '' ";
  CHECK(
      decode("20ce7b3af1640648000000 20ce7b3af16407c8000000 20ce7b3af1640801000200 06d250000000") ==
      Lines{" total below 4294967296 at " + time + "in 72 out 200 people - [historical] key total@1693530747",
            " interval at " + time + "in 1 out 2 people - [historical] key interval@1693530747",
            total("2", "in 80 out - people -")});
}

TEST_CASE("vs13x: stored levels, and dwell that counts nobody") {
  CHECK(decode("20ce7b3af1640f01000000").size() == 4);
  CHECK(decode("20ce7b3af16410010500 20ce7b3af1643c010500").empty());
  CHECK(
      decode("20ce7b3af16499010500").front().starts_with("reject unsupported byte 0: channel 20 of type CE"));
}

TEST_CASE("vs13x: a clock that was never set is said, and keys nothing") {
  CHECK(decode("20ce00000000 06 48000000") ==
        Lines{" total below 4294967296 at 1970-01-01T00:00:00Z from - to - line '2' region '' in 72 out - "
              "people - [historical] [device_clock_unset]"});
}

TEST_CASE("vs13x: line 1's interval alone could be another model's") {
  CHECK_FALSE(test::recognises("milesight-vs13x-lorawan", "05cc01000200", 85));
  CHECK_FALSE(test::recognises("milesight-vs13x-lorawan", "ff0101", 85));
  CHECK(test::recognises("milesight-vs13x-lorawan", "05cc01000200 04d201000000", 85));
  CHECK_FALSE(test::recognises("milesight-vs13x-lorawan", "04d201000000 77", 85));
}
