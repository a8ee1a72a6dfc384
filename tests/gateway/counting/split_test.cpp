#include "gateway/counting/split.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "gateway/clock/opening_hours.hpp"

using namespace lintel;
using counting::split_by_day;

namespace {

constexpr std::int64_t kHour = 3'600'000, kDay = 24 * kHour;
constexpr std::int64_t kMidnight = 1'785'024'000'000;  // of a day in UTC

const store::Calendar kUtc{[](UtcMs t) { return count_ms(t) / kDay; },
                           [](std::int64_t day) { return utc_ms(day * kDay); }};

store::Reading reading(std::int64_t from_hour, std::int64_t to_hour, std::int64_t in, std::int64_t out) {
  return {utc_ms(kMidnight + from_hour * kHour),
          Millis{(to_hour - from_hour) * kHour},
          in,
          out,
          store::kRecovered,
          true,
          false};
}

/// A store in Berlin that opens at eight in the evening of every day and closes at four in the morning.
struct Bar {
  clock::Zone zone = clock::Zone::find("Europe/Berlin").value();
  clock::StoreDays days{zone, std::chrono::minutes{0}};
  clock::OpeningHours hours = clock::OpeningHours::parse(every_day(R"([["20:00", "04:00"]])")).value();
  store::Calendar calendar{
      [this](UtcMs t) { return std::int64_t{days.day(t)}; },
      [this](std::int64_t day) { return days.begin(static_cast<clock::StoreDay>(day)); }};

  static nlohmann::json every_day(const char* spans) {
    nlohmann::json week;
    for (const char* day : {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
      week[day] = nlohmann::json::parse(spans);
    return week;
  }
  [[nodiscard]] counting::Weigh weigh() const {
    return counting::weigh_by(
        [this](UtcMs from, UtcMs to) { return hours.spans(zone, days.day(from), days.day(to)); });
  }
  /// People in the days from noon of `day` on until the day after the next begins.
  [[nodiscard]] std::vector<std::int64_t> shares(const char* day, std::int64_t people) const {
    const auto first = clock::parse_day(day).value();
    store::Reading gap = reading(0, 1, people, 1);
    gap.started = days.begin(first) + std::chrono::hours{12};
    gap.duration = days.begin(first + 2) - gap.started;
    std::vector<std::int64_t> in;
    for (const auto& piece : split_by_day(gap, calendar, weigh())) {
      CHECK((piece.flags & store::kEstimated) != 0);
      in.push_back(*piece.count_in);
    }
    return in;
  }
};

}  // namespace

TEST_CASE("split: a gap across midnight is estimated for each of its days, and exact in sum") {
  const auto pieces = split_by_day(reading(-2, 1, 10, 1), kUtc);
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].started == utc_ms(kMidnight - 2 * kHour));
  CHECK(pieces[0].duration == Millis{2 * kHour});
  CHECK(pieces[1].started == utc_ms(kMidnight));
  CHECK(pieces[1].duration == Millis{kHour});
  CHECK(*pieces[0].count_in == 7);
  CHECK(*pieces[1].count_in == 3);
  CHECK(*pieces[0].count_out + *pieces[1].count_out == 1);
  for (const auto& piece : pieces) {
    CHECK((piece.flags & store::kEstimated) != 0);
    CHECK((piece.flags & store::kRecovered) != 0);
    CHECK(piece.separate);
  }
}

TEST_CASE("split: a weekend has a share for each of its days") {
  const auto pieces = split_by_day(reading(-4, 57, 1000, 999), kUtc);
  REQUIRE(pieces.size() == 4);
  std::int64_t in = 0, out = 0;
  for (const auto& piece : pieces) {
    in += *piece.count_in;
    out += *piece.count_out;
    CHECK(kUtc.day(piece.started) == kUtc.day(store::last_instant(piece.started, piece.duration)));
  }
  CHECK(in == 1000);
  CHECK(out == 999);
  CHECK(*pieces[1].count_in == *pieces[2].count_in);
}

TEST_CASE("split: people are looked for when the shop is open, if anybody knows") {
  const auto open = [](UtcMs from, UtcMs to) {
    return kUtc.day(from) == kMidnight / kDay ? Millis{0} : to - from;  // closed on that day
  };
  const auto pieces = split_by_day(reading(-4, 28, 100, 0), kUtc, open);
  REQUIRE(pieces.size() == 3);
  CHECK(*pieces[0].count_in == 50);
  CHECK(*pieces[1].count_in == 0);
  CHECK(*pieces[2].count_in == 50);
}

TEST_CASE("split: a night that ends after midnight counts for both of its days, by its true length") {
  const Bar bar;
  CHECK(bar.shares("2026-06-06", 120) == std::vector<std::int64_t>{40, 80});  // 4 h, and 4 h + 4 h
  CHECK(bar.shares("2026-03-28", 110) == std::vector<std::int64_t>{40, 70});  // the clocks skip an hour
  CHECK(bar.shares("2026-10-24", 130) == std::vector<std::int64_t>{40, 90});  // an hour comes twice
}

TEST_CASE("split: shares by opening hours are exact to the last person") {
  const Bar bar;
  for (std::int64_t people = 1; people < 60; ++people) {
    const auto in = bar.shares("2026-03-28", people);
    REQUIRE(in.size() == 2);
    CHECK(in[0] + in[1] == people);
    CHECK(in[0] == (2 * people * 4 + 11) / 22);  // rounded: 4 of 11 hours
  }
}

TEST_CASE("split: who came while the store was closed is shared out by time, as where nobody says hours") {
  const auto shut = counting::weigh_by([](UtcMs, UtcMs) { return std::vector<std::pair<UtcMs, UtcMs>>{}; });
  for (const auto& weigh : {shut, counting::weigh_by({})}) {
    const auto pieces = split_by_day(reading(-2, 1, 9, 0), kUtc, weigh);
    REQUIRE(pieces.size() == 2);
    CHECK(*pieces[0].count_in == 6);
    CHECK(*pieces[1].count_in == 3);
  }
}

TEST_CASE("split: what lies within a day, is not longer than an hour, or counts nobody, stays one reading") {
  CHECK(split_by_day(reading(1, 20, 10, 0), kUtc).size() == 1);
  CHECK(split_by_day(reading(1, 24, 10, 0), kUtc).size() == 1);
  CHECK(split_by_day(reading(-20, 20, 0, 0), kUtc).size() == 1);
  auto hour = reading(-1, 0, 10, 0);
  hour.started += Millis{kHour / 2};
  REQUIRE(split_by_day(hour, kUtc).size() == 1);
  CHECK(split_by_day(hour, kUtc)[0].flags == store::kRecovered);
}

TEST_CASE("split: a window stays whole, for the device may state it again") {
  auto window = reading(-2, 2, 10, 0);
  window.separate = false;
  CHECK(split_by_day(window, kUtc).size() == 1);
}

TEST_CASE("split: a direction that is not stated stays unstated") {
  auto one = reading(-2, 2, 10, 0);
  one.count_out.reset();
  for (const auto& piece : split_by_day(one, kUtc)) CHECK_FALSE(piece.count_out);
}

TEST_CASE("split: the largest count over the longest gap is shared out exactly") {
  constexpr std::int64_t kMost = 2'147'483'647;
  const auto pieces = split_by_day(reading(-12, 398 * 24 + 6, kMost, 1), kUtc);
  REQUIRE(pieces.size() == 400);
  const double per_hour = static_cast<double>(kMost) / (12 + 398 * 24 + 6);
  std::int64_t sum = 0;
  for (const auto& piece : pieces) {
    const double hours = static_cast<double>(piece.duration.count()) / kHour;
    CHECK(static_cast<double>(*piece.count_in) == doctest::Approx(per_hour * hours));
    sum += *piece.count_in;
  }
  CHECK(sum == kMost);
}
