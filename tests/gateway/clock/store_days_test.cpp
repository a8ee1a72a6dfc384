#include "gateway/clock/store_days.hpp"

#include <doctest/doctest.h>

using namespace lintel;
using namespace std::chrono_literals;
using clock::CalendarPeriods;
using clock::StoreDay;
using clock::StoreDays;

namespace {

UtcMs utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  return std::chrono::sys_days{std::chrono::year{year} / month / day} + std::chrono::hours{hour} +
         std::chrono::minutes{minute};
}

StoreDay day(const char* text) {
  return clock::parse_day(text).value();
}

StoreDays days_of(const char* zone, std::chrono::minutes start = 0min) {
  return {clock::Zone::find(zone).value(), start};
}

std::chrono::minutes length(const StoreDays& days, StoreDay day) {
  return std::chrono::floor<std::chrono::minutes>(days.begin(day + 1) - days.begin(day));
}

/// How many half hours do not lie in the day they are said to lie in.
int torn(const StoreDays& days, UtcMs from, UtcMs to) {
  int count = 0;
  for (auto t = from; t < to; t += 30min) {
    const auto day = days.day(t);
    if (t < days.begin(day) || t >= days.begin(day + 1)) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("store days: 23 and 25 hours in Berlin, and a day that starts at four") {
  const auto berlin = clock::Zone::find("Europe/Berlin");
  REQUIRE(berlin);
  const clock::StoreDays days(*berlin, 0min);
  const auto spring = days.day(utc(2026, 3, 29, 12));
  CHECK(days.begin(spring + 1) - days.begin(spring) == 23h);
  const auto autumn = days.day(utc(2026, 10, 25, 12));
  CHECK(days.begin(autumn + 1) - days.begin(autumn) == 25h);
  CHECK(days.day(days.begin(autumn) - 1ms) == autumn - 1);
  CHECK(days.day(days.begin(autumn)) == autumn);

  const clock::StoreDays late(*berlin, 240min);
  CHECK(late.day(utc(2026, 7, 1, 1, 59)) == late.day(utc(2026, 6, 30, 12)));
  CHECK(late.day(utc(2026, 7, 1, 2, 0)) == late.day(utc(2026, 6, 30, 12)) + 1);
}

TEST_CASE("store days: a day begins when the clock first shows its start, or skips it") {
  const auto brazil = days_of("America/Sao_Paulo");
  CHECK(brazil.begin(day("2018-11-04")) == utc(2018, 11, 4, 3));  // 00:00 to 01:00 were skipped
  const auto late = days_of("America/Sao_Paulo", 1410min);
  CHECK(late.begin(day("2019-02-16")) == utc(2019, 2, 17, 1, 30));  // 23:30 came twice
  CHECK(late.day(utc(2019, 2, 17, 2, 10)) == day("2019-02-16"));
  CHECK(length(late, day("2019-02-16")) == 25h);
}

TEST_CASE("store days: the day that Apia skipped is empty, and no instant lies in it") {
  const auto apia = days_of("Pacific/Apia");
  CHECK(length(apia, day("2011-12-29")) == 24h);
  CHECK(length(apia, day("2011-12-30")) == 0h);
  CHECK(length(apia, day("2011-12-31")) == 24h);
  CHECK(apia.day(utc(2011, 12, 30, 9, 59)) == day("2011-12-29"));
  CHECK(apia.day(utc(2011, 12, 30, 10)) == day("2011-12-31"));
  CHECK(length(days_of("Pacific/Apia", 240min), day("2011-12-30")) == 4h);
}

TEST_CASE("store days: the day before a change of the calendar is longer or shorter") {
  const auto lengths = [](const char* before, const char* after, std::vector<StoreDay> of) {
    const auto days = StoreDays::make({{std::nullopt, before, 0}, {day("2026-06-10"), after, 0}}).value();
    CHECK(torn(days, utc(2026, 6, 1, 0), utc(2026, 6, 20, 0)) == 0);
    std::vector<long> hours;
    for (const auto d : of) hours.push_back(static_cast<long>(length(days, d) / 1h));
    return hours;
  };
  const std::vector<StoreDay> around{day("2026-06-07"), day("2026-06-08"), day("2026-06-09"),
                                     day("2026-06-10")};
  CHECK(lengths("Europe/Berlin", "Europe/London", around) == std::vector<long>{24, 24, 25, 24});
  CHECK(lengths("Pacific/Honolulu", "Pacific/Kiritimati", around) == std::vector<long>{24, 24, 0, 24});
  CHECK(lengths("Pacific/Kiritimati", "Pacific/Honolulu", around) == std::vector<long>{24, 24, 48, 24});
}

TEST_CASE("calendars: another zone from now on leaves what is over and what is running alone") {
  const CalendarPeriods held{{std::nullopt, "UTC", 0}};
  for (const auto* zone : {"Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin"}) {
    for (int hour = 0; hour < 24; ++hour) {
      const auto now = utc(2026, 11, 21, hour);
      const auto changed = clock::changed_from_now(held, zone, 0, now).value();
      REQUIRE(changed.size() == 2);
      const auto before = StoreDays::make(held).value();
      const auto after = StoreDays::make(changed).value();
      const auto today = before.day(now);
      CHECK(after.day(now) == today);
      CHECK(after.begin(today) == before.begin(today));
      CHECK(after.begin(*changed[1].from) > now);
      CHECK(clock::changed_from_now(changed, zone, 0, now).value() == changed);
      CHECK(clock::changed_from_now(changed, "UTC", 0, now).value() == held);
    }
  }
}

TEST_CASE("calendars: what is read is what was written, and what makes no sense is refused") {
  const CalendarPeriods periods{{std::nullopt, "Europe/Berlin", 0},
                                {day("2026-03-01"), "Europe/London", 240},
                                {day("2026-03-02"), "UTC", 0}};
  CHECK(clock::parse_periods(clock::to_text(periods)).value() == periods);
  CHECK(clock::format_day(day("2026-02-28")) == "2026-02-28");
  for (
      const auto* wrong :
      {"", "{}", "[]", "[1]", R"([{"from": "2026-01-01", "timezone": "UTC", "day_start_minute": 0}])",
       R"([{"from": null, "timezone": "", "day_start_minute": 0}])",
       R"([{"from": null, "timezone": "UTC", "day_start_minute": 1440}])",
       R"([{"from": null, "timezone": "UTC", "day_start_minute": 0.5}])",
       R"([{"from": null, "timezone": "UTC", "day_start_minute": 0}, {"from": "2026-02-30", "timezone": "UTC", "day_start_minute": 0}])",
       R"([{"from": null, "timezone": "UTC", "day_start_minute": 0}, {"from": null, "timezone": "UTC", "day_start_minute": 0}])",
       R"([{"from": null, "timezone": "UTC", "day_start_minute": 0}, {"from": "2026-02-03", "timezone": "UTC", "day_start_minute": 0}, {"from": "2026-02-03", "timezone": "UTC", "day_start_minute": 0}])"}) {
    INFO(wrong);
    CHECK_FALSE(clock::parse_periods(std::string(wrong)));
  }
  CHECK_FALSE(StoreDays::make({{std::nullopt, "Mars/Base", 0}}));
  CHECK_FALSE(StoreDays::make({}));
}
