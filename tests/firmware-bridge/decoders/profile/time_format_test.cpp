#include <doctest/doctest.h>

#include "firmware-bridge/decoders/profile/time_format.hpp"

using namespace lintel;
using namespace lintel::bridge::decoders::profile;

namespace {

/// The instant as text, with "local" where it has no zone; "none" where there is none.
template <class T>
std::string read(std::string_view format, T value) {
  const auto parsed = TimeFormat::parse(format);
  REQUIRE(parsed);
  const auto time = parsed->read(value);
  return time ? format_utc(time->time) + (time->local ? " local" : "") : "none";
}

}  // namespace

TEST_CASE("time format: patterns read what they describe and nothing else") {
  const std::string_view day = "YYYY/MM/DD hh:mm:ss";
  CHECK(read(day, std::string_view("2022/12/20 18:15:52")) == "2022-12-20T18:15:52Z local");
  for (const char* wrong :
       {"2022/12/20 18:15:5", "2022/12/20 18:15:521", "2022-12-20 18:15:52", "2022/13/20 18:15:52",
        "2022/02/30 18:15:52", "2022/12/20 24:15:52", "2022/12/20", "", "0000/12/20 18:15:52"})
    CHECK(read(day, std::string_view(wrong)) == "none");
  CHECK(read("DD.MM.YY", std::string_view("20.12.22")) == "2022-12-20T00:00:00Z local");
  CHECK(read("YYYYMMDDhhmmssSSS", std::string_view("20221220181552007")) == "2022-12-20T18:15:52.007Z local");
  CHECK(read("YYYYMMDDhhmmss", std::int64_t{20221220181552}) == "2022-12-20T18:15:52Z local");
}

TEST_CASE("time format: numbers are seconds, milliseconds or microseconds by their size") {
  CHECK(read("unix", std::int64_t{1700000000}) == "2023-11-14T22:13:20Z");
  CHECK(read("unix", std::int64_t{1700000000123}) == "2023-11-14T22:13:20.123Z");
  CHECK(read("unix", std::int64_t{1700000000123456}) == "2023-11-14T22:13:20.123Z");
  CHECK(read("unix", std::string_view("1700000000")) == "2023-11-14T22:13:20Z");
  CHECK(read("unix_s", std::string_view("1700000000.25")) == "2023-11-14T22:13:20.250Z");
  CHECK(read("unix_ms", std::int64_t{1700000000}) == "1970-01-20T16:13:20Z");
  CHECK(read("unix_s", 1700000000.75) == "2023-11-14T22:13:20.750Z");
  for (const std::int64_t wrong : {std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    CHECK(read("unix_s", wrong) == "none");
    CHECK(read("unix_ms", wrong) == "none");
  }
  for (const double wrong : {-1.0, 1e300}) CHECK(read("unix", wrong) == "none");
  for (const char* wrong : {"", "x", "1.", "1.x", "-1.5", "1.5.5", "1e9"})
    CHECK(read("unix", std::string_view(wrong)) == "none");
}

TEST_CASE("time format: offsets as devices write them") {
  const auto minutes = [](std::string_view text) {
    const auto offset = read_offset(text);
    return offset ? static_cast<int>(offset->count()) : -1;
  };
  CHECK(minutes("UTC+8:00") == 480);
  CHECK(minutes("UTC-3:30") == -210);
  CHECK(minutes("GMT+0530") == 330);
  CHECK(minutes("+1") == 60);
  CHECK(minutes("UTC") == 0);
  CHECK(minutes("Z") == 0);
  for (const char* wrong : {"CET", "UTC+", "UTC+19:00", "+1:60", "+1:", "8:00", "+-1", "+1:00:00"})
    CHECK(minutes(wrong) == -1);
}

TEST_CASE("time format: clocks that were never set are told from clocks that are wrong") {
  const auto fault = [](const char* time) {
    return clock_fault(TimeFormat::parse("iso")->read(std::string_view(time))->time);
  };
  CHECK(fault("1970-01-01T00:05:00Z") == "device_clock_unset");
  CHECK(fault("1969-12-31T23:00:00Z") == "device_clock_unset");
  CHECK(fault("1980-01-06T00:00:00Z") == "device_clock_unset");
  CHECK(fault("2000-01-01T00:14:31Z") == "device_clock_unset");
  CHECK(fault("1975-04-03T00:00:00Z") == "device_clock_implausible");
  CHECK(fault("2009-12-31T23:59:59Z") == "device_clock_implausible");
  CHECK(fault("2010-01-01T00:00:00Z") == "");
}
