// People present in a region, day by day: what moves them, what resets them, what is cut off and shown.
#include "gateway/counting/occupancy.hpp"

#include <algorithm>
#include <memory>
#include <random>

#include <doctest/doctest.h>

#include "gateway/clock/store_days.hpp"

using namespace lintel;
using namespace lintel::counting;
using namespace std::chrono_literals;

namespace {

/// 2026-07-27, a Monday, 00:00 UTC.
const UtcMs kMonday = utc_ms(1'785'110'400'000);
constexpr Millis kDay = 24h;

store::Calendar calendar(const char* zone = "UTC", std::chrono::minutes start = 0min) {
  auto days = std::make_shared<clock::StoreDays>(*clock::Zone::find(zone), start);
  return {[days](UtcMs at) { return std::int64_t{days->day(at)}; },
          [days](std::int64_t day) { return days->begin(static_cast<clock::StoreDay>(day)); }};
}

/// Open every day at these hours after midnight UTC, Sundays closed.
OpenSpans opening(std::vector<std::pair<Millis, Millis>> hours) {
  return [hours](UtcMs from, UtcMs to) {
    std::vector<std::pair<UtcMs, UtcMs>> spans;
    for (UtcMs day = kMonday - 21 * kDay; day < kMonday + 21 * kDay; day += kDay) {
      if (((day - kMonday) / kDay % 7 + 7) % 7 == 6) continue;
      for (const auto& [opens, closes] : hours) {
        if (day + opens < to && day + closes > from) spans.emplace_back(day + opens, day + closes);
      }
    }
    return spans;
  };
}

OccupancyPeriod monday() {
  return occupancy_period(kMonday + 12h, calendar());
}

/// At a minute after Monday's midnight.
Passage passed(int minute, std::int64_t in, std::int64_t out) {
  return {kMonday + std::chrono::minutes{minute}, in, out};
}

std::int64_t number(UtcMs day) {
  return day.time_since_epoch() / kDay;
}

}  // namespace

TEST_CASE("occupancy: who comes and does not leave is there") {
  const auto day = walk(monday(), {passed(600, 5, 0), passed(610, 3, 2), passed(620, 0, 1)});
  CHECK(day.end.present == 5);
  CHECK(day.end.below_zero == 0);
  REQUIRE(day.levels.size() == 4);
  CHECK(day.levels[0].present == 0);
  CHECK(day.levels[2].present == 6);
}

TEST_CASE("occupancy: never below zero, and those who left without having come are told") {
  const auto day = walk(monday(), {passed(600, 1, 0), passed(610, 0, 4), passed(620, 2, 0)});
  CHECK(day.end.present == 2);
  CHECK(day.end.below_zero == 3);
}

TEST_CASE(
    "occupancy: who is left at closing was missed on the way out, and the next day begins with nobody") {
  const auto open = opening({{9h, 20h}});
  const auto shop = occupancy_period(kMonday + 12h, calendar(), open);
  const auto day = walk(shop, {passed(600, 50, 0), passed(1190, 0, 43)});
  CHECK(day.end.present == 7);
  const auto next = occupancy_period(shop.to, calendar(), open);
  CHECK(walk(next, {passed(600, 50, 0)}).end.present == 0);
}

TEST_CASE("occupancy: people who come and go in one window do not cut anybody off") {
  const auto day = walk(monday(), {passed(600, 5, 5)});
  CHECK(day.end.present == 0);
  CHECK(day.end.below_zero == 0);
}

TEST_CASE("occupancy: two doors that speak of the same minute are one movement, whoever speaks first") {
  for (const bool swapped : {false, true}) {
    auto occupancy = begin_occupancy(monday());
    CHECK(take(occupancy, swapped ? passed(600, 0, 3) : passed(600, 3, 0)));
    CHECK(take(occupancy, swapped ? passed(600, 3, 0) : passed(600, 0, 3)));
    CHECK(occupancy.present == 0);
    CHECK(occupancy.below_zero == 0);
  }
}

TEST_CASE("occupancy: what comes late is refused, since what was cut off after it depends on it") {
  auto occupancy = begin_occupancy(monday());
  REQUIRE(take(occupancy, passed(600, 0, 2)));
  CHECK_FALSE(take(occupancy, passed(590, 2, 0)));
  CHECK(occupancy.below_zero == 2);
  const auto again = walk(monday(), {passed(600, 0, 2), passed(590, 2, 0)});
  CHECK(again.end.present == 0);
  CHECK(again.end.below_zero == 0);
}

TEST_CASE("occupancy: passages of another day are none of this one") {
  auto occupancy = begin_occupancy(monday());
  CHECK_FALSE(take(occupancy, passed(-1, 5, 0)));
  CHECK_FALSE(take(occupancy, passed(24 * 60, 5, 0)));
  CHECK(take(occupancy, passed(0, 5, 0)));
  CHECK(walk(monday(), {passed(-1, 5, 0), passed(1440, 5, 0)}).end.present == 0);
}

TEST_CASE("occupancy: an inner door brings people into one region and takes them from the other") {
  const store::Reading reading{kMonday + 10h, 60s, 4, 1};
  const auto into = passage_of(reading, false), out_of = passage_of(reading, true);
  REQUIRE(into);
  CHECK(walk(monday(), {passed(500, 10, 0), *into}).end.present == 13);
  CHECK(walk(monday(), {passed(500, 10, 0), *out_of}).end.present == 7);
}

TEST_CASE("occupancy: two entrances fill one region") {
  CHECK(walk(monday(), {passed(600, 70, 0), passed(601, 60, 0), passed(650, 0, 20), passed(651, 0, 5)})
            .end.present == 105);
}

TEST_CASE("occupancy: a reading over more than an hour moves it, and it is uncertain until the next reset") {
  const store::Reading gap{kMonday + 8h, 3h, 40, 10, store::kRecovered};
  const auto day = walk(monday(), {*passage_of(gap, false), passed(700, 1, 0)});
  CHECK(day.end.present == 31);
  CHECK(day.end.uncertain);
  CHECK_FALSE(day.levels.front().uncertain);
  CHECK_FALSE(begin_occupancy(occupancy_period(day.end.period.to, calendar())).uncertain);
}

TEST_CASE("occupancy: an estimate makes it uncertain, a gap of minutes does not") {
  const store::Reading estimate{kMonday + 8h, 10min, 4, 1, store::kEstimated};
  const store::Reading recovered{kMonday + 8h, 10min, 4, 1, store::kRecovered};
  CHECK(walk(monday(), {*passage_of(estimate, false)}).end.uncertain);
  CHECK_FALSE(walk(monday(), {*passage_of(recovered, false)}).end.uncertain);
}

TEST_CASE("occupancy: a long reading of nobody leaves it certain") {
  const store::Reading quiet{kMonday + 1h, 6h, 0, 0, store::kRecovered};
  CHECK_FALSE(walk(monday(), {*passage_of(quiet, false)}).end.uncertain);
}

TEST_CASE("occupancy: what was voided moves nobody, and one way that is not counted is nobody") {
  CHECK_FALSE(passage_of({kMonday + 8h, 60s, 4, 1, store::kVoided}, false));
  const auto only_in = passage_of({kMonday + 8h, 60s, 4, std::nullopt}, false);
  CHECK(only_in->in == 4);
  CHECK(only_in->out == 0);
}

TEST_CASE("occupancy: a window that ends at the reset belongs to the day before it") {
  const auto last = passage_of({kMonday + kDay - 60s, 60s, 4, 1}, false);
  CHECK(monday().holds(last->at));
  const auto event = passage_of({kMonday + kDay, Millis{0}, 1, 0}, false);
  CHECK_FALSE(monday().holds(event->at));
}

TEST_CASE("occupancy: a corrected direction of a past hour changes what is there now") {
  // In and out had changed places between ten and eleven: nobody was cut off after all.
  const std::vector<Passage> wrong{passed(600, 2, 30), passed(660, 10, 1)};
  const std::vector<Passage> right{passed(600, 30, 2), passed(660, 10, 1)};
  CHECK(walk(monday(), wrong).end.present == 9);
  CHECK(walk(monday(), wrong).end.below_zero == 28);
  CHECK(walk(monday(), right).end.present == 37);
  CHECK(walk(monday(), right).end.below_zero == 0);
}

TEST_CASE("occupancy: the level of any instant is the one before it") {
  const auto day = walk(monday(), {passed(600, 5, 0), passed(620, 0, 2)});
  CHECK(level_at(day, kMonday + 9h).present == 0);
  CHECK(level_at(day, kMonday + 10h).present == 5);
  CHECK(level_at(day, kMonday + 10h + 19min).present == 5);
  CHECK(level_at(day, kMonday + 23h).present == 3);
}

TEST_CASE("resets: without opening hours the store's day is the period, at its own start") {
  CHECK(monday() == OccupancyPeriod{kMonday, kMonday + kDay, number(kMonday)});
  const auto night = occupancy_period(kMonday + 2h, calendar("UTC", 4h));
  CHECK(night.from == kMonday - 20h);
  CHECK(night.day == number(kMonday) - 1);
}

TEST_CASE("resets: half an hour after closing, and again when a day begins in a closed store") {
  const auto open = opening({{9h, 20h}});
  const auto day = occupancy_period(kMonday + 12h, calendar(), open);
  CHECK(day == OccupancyPeriod{kMonday, kMonday + 20h + 30min, number(kMonday)});
  CHECK(occupancy_period(kMonday + 20h + 29min, calendar(), open) == day);
  const auto cleaners = occupancy_period(kMonday + 22h, calendar(), open);
  CHECK(cleaners == OccupancyPeriod{kMonday + 20h + 30min, kMonday + kDay, number(kMonday)});
}

TEST_CASE("resets: a closed Sunday is a day of its own") {
  const auto sunday = occupancy_period(kMonday - 12h, calendar(), opening({{9h, 20h}}));
  CHECK(sunday == OccupancyPeriod{kMonday - kDay, kMonday, number(kMonday) - 1});
}

TEST_CASE("resets: a store that is open past midnight keeps its people over it") {
  const auto open = opening({{14h, 26h}});
  const auto evening = occupancy_period(kMonday + 22h, calendar(), open);
  CHECK(evening.to == kMonday + 26h + 30min);
  CHECK(occupancy_period(kMonday + 25h, calendar(), open) == evening);
  CHECK(evening.day == number(kMonday));
  CHECK(occupancy_period(kMonday + 27h, calendar(), open).day == number(kMonday) + 1);
}

TEST_CASE("resets: a break at noon empties the store, one that is shorter than the grace does not") {
  CHECK(occupancy_period(kMonday + 11h, calendar(), opening({{9h, 12h}, {14h, 20h}})).to ==
        kMonday + 12h + 30min);
  CHECK(occupancy_period(kMonday + 11h, calendar(), opening({{9h, 12h}, {12h + 20min, 20h}})).to ==
        kMonday + 20h + 30min);
}

TEST_CASE("resets: open around the clock, the day's start is what is left") {
  const OpenSpans always = [](UtcMs from, UtcMs to) { return std::vector{std::pair{from, to}}; };
  CHECK(occupancy_period(kMonday + 12h, calendar(), always) == monday());
}

TEST_CASE("resets: days of 23 and 25 hours end where the store's day does") {
  const auto berlin = calendar("Europe/Berlin");
  const auto spring = occupancy_period(utc_ms(1'774'785'600'000), berlin);  // 2026-03-29 12:00 UTC
  const auto autumn = occupancy_period(utc_ms(1'792'929'600'000), berlin);  // 2026-10-25 12:00 UTC
  CHECK(spring.to - spring.from == 23h);
  CHECK(autumn.to - autumn.from == 25h);
}

TEST_CASE("resets: wherever the clock steps to, the period is that of the instant alone") {
  const auto open = opening({{9h, 20h}});
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    const UtcMs at = kMonday + Millis{static_cast<std::int64_t>(random() % (6 * 86'400'000u))};
    const auto period = occupancy_period(at, calendar(), open);
    CHECK(period.holds(at));
    CHECK(occupancy_period(period.from, calendar(), open) == period);
    CHECK(occupancy_period(period.to - Millis{1}, calendar(), open) == period);
    CHECK(occupancy_period(period.to, calendar(), open).from == period.to);
  }
}

TEST_CASE("occupancy, random days: as it comes, in any order, or reckoned at once, it is the same walk") {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::vector<Passage> passages;
    for (std::size_t i = 0, n = random() % 60; i < n; ++i) {
      passages.push_back(passed(static_cast<int>(random() % 90), random() % 6, random() % 6));
    }
    // An independent reckoning, minute by minute.
    std::int64_t present = 0, cut = 0;
    for (int minute = 0; minute < 90; ++minute) {
      for (const auto& each : passages) {
        if (each.at == kMonday + std::chrono::minutes{minute}) present += each.in - each.out;
      }
      cut += std::max<std::int64_t>(0, -present);
      present = std::max<std::int64_t>(0, present);
    }
    const auto whole = walk(monday(), passages);
    CHECK(whole.end.present == present);
    CHECK(whole.end.below_zero == cut);

    // One after the other, reckoned again where one comes late.
    auto occupancy = begin_occupancy(monday());
    std::vector<Passage> known;
    for (const auto& each : passages) {
      known.push_back(each);
      if (!take(occupancy, each)) occupancy = walk(monday(), known).end;
    }
    CHECK(occupancy.present == present);
    CHECK(occupancy.below_zero == cut);
    std::shuffle(passages.begin(), passages.end(), random);
    CHECK(walk(monday(), passages).levels == whole.levels);
    // Nobody disappears: who came is there, has left, or left without having come.
    std::int64_t balance = 0;
    for (const auto& each : passages) balance += each.in - each.out;
    CHECK(whole.end.present - whole.end.below_zero == balance);
  }
}
