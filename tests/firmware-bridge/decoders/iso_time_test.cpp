#include <doctest/doctest.h>

#include "firmware-bridge/decoders/iso_time.hpp"

using lintel::format_utc;
using lintel::bridge::decoders::parse_iso_time;

namespace {

std::string utc(std::string_view text) {
  const auto time = parse_iso_time(text);
  if (!time) return "none";
  return format_utc(time->time) + (time->local ? " local" : "");
}

}  // namespace

TEST_CASE("iso time: offsets lead to UTC, and -00:00 is UTC") {
  CHECK(utc("2024-05-30T20:11:32+08:00") == "2024-05-30T12:11:32Z");
  CHECK(utc("2026-07-31T23:12:00-00:00") == "2026-07-31T23:12:00Z");
  CHECK(utc("2026-12-31T23:30:00-0130") == "2027-01-01T01:00:00Z");
  CHECK(utc("2026-01-01T00:00:00Z") == "2026-01-01T00:00:00Z");
  CHECK(utc("2024-02-29 23:59:59.5+00:00") == "2024-02-29T23:59:59.500Z");
  CHECK(utc("2024-02-29T23:59:59.123456789Z") == "2024-02-29T23:59:59.123Z");
  CHECK(utc("1970-01-01T00:00:07Z") == "1970-01-01T00:00:07Z");
}

TEST_CASE("iso time: it does not end in 2038, nor begin in 1970") {
  CHECK(utc("2038-01-19T03:14:08Z") == "2038-01-19T03:14:08Z");
  CHECK(utc("2106-02-07T06:28:16+00:00") == "2106-02-07T06:28:16Z");
  CHECK(format_utc(lintel::utc_ms(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("iso time: without a zone the time is the device's own") {
  CHECK(utc("2021-12-31T09:44:59") == "2021-12-31T09:44:59Z local");
}

TEST_CASE("iso time: what no calendar or clock shows is no time") {
  for (const char* text : {"",
                           "2024",
                           "2024-05-30",
                           "2024-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:60Z",
                           "2024-01-01T00:00:00+19:00",
                           "2024-01-01T00:00:00+01:60",
                           "2024-01-01T00:00:00+1",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00ZZ",
                           "2024-01-01T00:00:00Z ",
                           " 2024-01-01T00:00:00Z",
                           "2024-1-1T0:0:0Z",
                           "+024-01-01T00:00:00Z",
                           "20x4-01-01T00:00:00Z",
                           "2024-01-01T00:00:00-",
                           "1720000000"})
    CHECK_MESSAGE(utc(text) == "none", text);
}
