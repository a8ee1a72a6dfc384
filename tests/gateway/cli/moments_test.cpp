#include "gateway/cli/moments.hpp"

#include <doctest/doctest.h>

using namespace lintel;
using namespace lintel::cli;
using namespace std::chrono_literals;

namespace {

const UtcMs kNow = utc_ms(1'795'269'600'000);  // 2026-11-21 14:00 UTC, 15:00 in Berlin

std::string text(std::string_view from, std::optional<std::string_view> to = {},
                 std::chrono::minutes day_start = 0min) {
  const clock::StoreDays days(*clock::Zone::find("Europe/Berlin"), day_start);
  const auto span = span_of(from, to, days, kNow);
  return span ? local_text(span->from, days.zone()) + " - " + local_text(span->to, days.zone())
              : span.error().message;
}

}  // namespace

TEST_CASE("moments: days, times and both are understood in the store's zone") {
  CHECK(text("today") == "2026-11-21 00:00:00 - 2026-11-22 00:00:00");
  CHECK(text("yesterday") == "2026-11-20 00:00:00 - 2026-11-21 00:00:00");
  CHECK(text("2026-03-29") == "2026-03-29 00:00:00 - 2026-03-30 00:00:00");
  CHECK(text("09:00") == "2026-11-21 09:00:00 - 2026-11-21 10:00:00");
  CHECK(text("2026-11-20T09:30:15") == "2026-11-20 09:30:15 - 2026-11-20 10:30:15");
  CHECK(text("2026-11-20 09:30", "now") == "2026-11-20 09:30:00 - 2026-11-21 15:00:00");
  CHECK(text("2026-11-16", "2026-11-20") == "2026-11-16 00:00:00 - 2026-11-21 00:00:00");
  CHECK(text("09:00", "09:15") == "2026-11-21 09:00:00 - 2026-11-21 09:15:00");
}

TEST_CASE("moments: a day is the store's, also where it ends after midnight") {
  CHECK(text("2026-11-20", {}, 4h) == "2026-11-20 04:00:00 - 2026-11-21 04:00:00");
}

TEST_CASE("moments: what is no time is named, with what is expected") {
  for (const char* word : {"tomorow", "2026-02-30", "2026-11-277", "2026-257-01", "25:00", "24:30",
                           "24:00:01", "2026-11-21T", "-1:00", "9", "2026-11-21T09:00:61", ""}) {
    CAPTURE(word);
    CHECK(text(word).find("is no time: expected a day (2026-11-21") != std::string::npos);
  }
  CHECK(text("now", "today") != "");
  CHECK(text("10:00", "09:00") == "09:00 does not come after 10:00");
}
