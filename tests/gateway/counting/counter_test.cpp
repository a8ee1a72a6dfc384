#include "gateway/counting/counter.hpp"

#include <doctest/doctest.h>

using lintel::Millis;
using lintel::UtcMs;
using lintel::bridge::Kind;
using namespace lintel::counting;
namespace store = lintel::store;

namespace {

constexpr std::int64_t kMinute = 60'000;

UtcMs at(std::int64_t minute) {
  return lintel::utc_ms(1'785'000'000'000 + minute * kMinute);
}

Statement total(std::int64_t minute, std::int64_t in, std::int64_t out) {
  return {Kind::total, at(minute), at(minute), in, out, 0, false};
}
Statement event(std::int64_t minute, std::int64_t in) {
  return {Kind::event, at(minute), at(minute), in, 0, 0, false};
}
Statement interval(std::int64_t from, std::int64_t to, std::int64_t in) {
  return {Kind::interval, at(to), at(from), in, 0, 0, false};
}

}  // namespace

TEST_CASE("counter: the first total of a series is a baseline and counts nobody") {
  SeriesState state;
  CHECK_FALSE(count(state, total(0, 8442, 15583)));
  const auto reading = count(state, total(1, 8445, 15584));
  REQUIRE(reading);
  CHECK(reading->count_in == 3);
  CHECK(reading->count_out == 1);
  CHECK(reading->started == at(0));
  CHECK(reading->duration == Millis{kMinute});
}

TEST_CASE("counter: a total that stands still is a reading of zero, a repeated one is nothing") {
  SeriesState state;
  (void)count(state, total(0, 5, 5));
  const auto quiet = count(state, total(1, 5, 5));
  REQUIRE(quiet);
  CHECK(quiet->count_in == 0);
  CHECK_FALSE(count(state, total(1, 5, 5)));
  CHECK_FALSE(count(state, total(0, 4, 4)));
}

TEST_CASE("counter: a reset counts what came since, on both channels") {
  SeriesState state;
  (void)count(state, total(0, 100, 5));
  const auto reading = count(state, total(1, 3, 6));
  REQUIRE(reading);
  CHECK(reading->count_in == 3);
  CHECK(reading->count_out == 6);
  CHECK((reading->flags & store::kAfterReset) != 0);
}

TEST_CASE("counter: 16 and 32 bit counters wrap") {
  for (const std::int64_t range : {std::int64_t{1} << 16, std::int64_t{1} << 32}) {
    SeriesState state;
    (void)count(state, total(0, range - 2, 7));
    const auto reading = count(state, total(1, 3, 7));
    REQUIRE(reading);
    CHECK(reading->count_in == 5);
    CHECK(reading->count_out == 0);
    CHECK((reading->flags & store::kWrapped) != 0);
  }
}

TEST_CASE("counter: zeros after a boot followed by the old value count nothing twice") {
  SeriesState state;
  (void)count(state, total(0, 100, 50));
  CHECK_FALSE(count(state, total(1, 0, 0)));
  CHECK_FALSE(count(state, total(2, 0, 0)));
  const auto reading = count(state, total(3, 101, 50));
  REQUIRE(reading);
  CHECK(reading->count_in == 1);
  CHECK(reading->started == at(0));
}

TEST_CASE("counter: zeros followed by a small value are a reset, counted from the last zero") {
  SeriesState state;
  (void)count(state, total(0, 100, 50));
  CHECK_FALSE(count(state, total(1, 0, 0)));
  CHECK_FALSE(count(state, total(480, 0, 0)));
  const auto reading = count(state, total(481, 2, 1));
  REQUIRE(reading);
  CHECK(reading->count_in == 2);
  CHECK(reading->count_out == 1);
  CHECK(reading->started == at(480));
}

TEST_CASE("counter: totals beside intervals or events only check them") {
  SeriesState state;
  REQUIRE(count(state, interval(0, 1, 5)));
  CHECK_FALSE(count(state, total(1, 17, 17)));
  REQUIRE(count(state, interval(1, 2, 4)));
  CHECK_FALSE(count(state, total(2, 21, 17)));
}

TEST_CASE("counter: an interval over a span that totals have counted adds nothing, the next one does") {
  SeriesState state;
  (void)count(state, total(0, 10, 10));
  REQUIRE(count(state, total(2, 14, 10)));
  CHECK_FALSE(count(state, interval(1, 2, 4)));
  CHECK(count(state, interval(2, 3, 1)));
  CHECK_FALSE(count(state, total(3, 15, 10)));
}

TEST_CASE("counter: events count by themselves, and yield to intervals that cover the present") {
  SeriesState state;
  const auto first = count(state, event(0, 1));
  REQUIRE(first);
  CHECK(first->separate);
  const auto window = count(state, interval(0, 1, 3));
  REQUIRE(window);
  CHECK(window->minus_events);
  CHECK_FALSE(count(state, event(2, 1)));
  CHECK(count(state, event(9, 1)));  // periodic reports have stopped: events count again
}

TEST_CASE("counter: what the broker retained is no news") {
  SeriesState state;
  auto old = event(0, 1);
  old.retained = true;
  CHECK_FALSE(count(state, old));
}

TEST_CASE("counter: a state survives being written down") {
  SeriesState state;
  (void)count(state, total(0, 100, 50));
  (void)count(state, total(1, 0, 0));
  (void)count(state, event(2, 1));
  (void)count(state, interval(2, 3, 1));
  SeriesState again;
  REQUIRE(from_json(to_json(state), again));
  CHECK(again == state);
  CHECK_FALSE(from_json("garbage", again));
}

TEST_CASE(
    "counter: a device that says it began anew is believed, also where its total is higher than before") {
  SeriesState state;
  const auto of_run = [](std::int64_t minute, std::int64_t in, const char* run) {
    auto statement = total(minute, in, 0);
    statement.counter_run = run;
    return statement;
  };
  CHECK_FALSE(count(state, of_run(0, 50, "a/0")));
  CHECK(count(state, of_run(1, 60, "a/0"))->count_in == 10);
  const auto reading = count(state, of_run(2, 100, "a/1"));
  REQUIRE(reading);
  CHECK(reading->count_in == 100);
  CHECK((reading->flags & store::kAfterReset) != 0);
  SeriesState read;
  CHECK(from_json(to_json(state), read));
  CHECK(read == state);
  CHECK(count(state, of_run(3, 0, "b/0"))->count_in == 0);
  CHECK(count(state, of_run(4, 100, "b/0"))->count_in == 100);
}
