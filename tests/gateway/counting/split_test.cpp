#include "gateway/counting/split.hpp"

#include <doctest/doctest.h>

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
