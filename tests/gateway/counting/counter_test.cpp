// What totals count.
#include <doctest/doctest.h>

#include "tests/gateway/counting/counter_statements.hpp"

using lintel::Millis;
using namespace lintel::counting;
using namespace lintel::test;
namespace store = lintel::store;

TEST_CASE("counter: the first total of a series is a baseline and counts nobody") {
  SeriesState state;
  CHECK_FALSE(counted(state, total(0, 8442, 15583)));
  const auto reading = counted(state, total(1, 8445, 15584));
  REQUIRE(reading);
  CHECK(reading->count_in == 3);
  CHECK(reading->count_out == 1);
  CHECK(reading->started == at(0));
  CHECK(reading->duration == Millis{kMinute});
}

TEST_CASE("counter: a total that stands still is a reading of zero, a repeated one is nothing") {
  SeriesState state;
  (void)counted(state, total(0, 5, 5));
  const auto quiet = counted(state, total(1, 5, 5));
  REQUIRE(quiet);
  CHECK(quiet->count_in == 0);
  CHECK_FALSE(counted(state, total(1, 5, 5)));
  CHECK_FALSE(counted(state, total(0, 4, 4)));
}

TEST_CASE("counter: a reset counts what came since") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  const auto outcome = count(state, total(1, 3, 6));
  REQUIRE(outcome.reading);
  CHECK(outcome.rule == Rule::reset);
  CHECK(outcome.reading->count_in == 3);
  CHECK(outcome.reading->count_out == 6);
  CHECK((outcome.reading->flags & store::kAfterReset) != 0);
}

TEST_CASE("counter: a direction that is reset by itself leaves the other one alone") {
  SeriesState state;
  (void)counted(state, total(0, 100, 15'583));
  const auto reading = counted(state, total(1, 3, 15'584));
  REQUIRE(reading);
  CHECK(reading->count_in == 3);
  CHECK(reading->count_out == 1);
}

TEST_CASE(
    "counter: a device that says it has restarted has begun at zero, however near the old value it is") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  auto restarted = total(60, 95, 49);
  restarted.restarted = true;
  const auto reading = counted(state, restarted);
  REQUIRE(reading);
  CHECK(reading->count_in == 95);
  CHECK(reading->count_out == 49);
}

TEST_CASE("counter: a total of today begins anew at midnight, also when it is already past yesterday's") {
  SeriesState state;
  (void)counted(state, total(0, 5, 5));
  auto today = total(600, 9, 7);
  today.reset_at = at(120);
  const auto reading = counted(state, today);
  REQUIRE(reading);
  CHECK(reading->count_in == 9);
  CHECK(reading->count_out == 7);
  CHECK(reading->started == at(120));
  today = total(610, 11, 7);
  today.reset_at = at(120);
  CHECK(counted(state, today)->count_in == 2);
}

TEST_CASE("counter: a device that takes back a little counts again once it is past what was counted") {
  SeriesState state;
  (void)counted(state, total(0, 1000, 50));
  const auto lowered = count(state, total(1, 997, 50));
  CHECK(lowered.rule == Rule::lowered);
  CHECK(lowered.reading->count_in == 0);
  CHECK(counted(state, total(2, 999, 50))->count_in == 0);
  CHECK(counted(state, total(3, 1004, 50))->count_in == 4);
}

TEST_CASE("counter: a device that restarts after it has taken back a little has not begun at zero") {
  SeriesState state;
  (void)counted(state, total(0, 3700, 50));
  CHECK(count(state, total(60, 3670, 50)).rule == Rule::lowered);
  auto restarted = total(120, 3672, 51);
  restarted.restarted = true;
  const auto outcome = count(state, restarted);
  CHECK(outcome.rule == Rule::lowered);
  CHECK(outcome.reading->count_in == 0);
  CHECK(outcome.reading->count_out == 1);
  CHECK_FALSE(outcome.covered);
  CHECK_FALSE(counted(state, total(180, 0, 0)));
  CHECK(counted(state, total(240, 3672, 51))->count_in == 0);  // it was still starting
  CHECK(counted(state, total(300, 3703, 51))->count_in == 3);
}

TEST_CASE("counter: a restart that is told late is no certainty about the time after it") {
  SeriesState state;
  (void)counted(state, total(0, 131, 140));
  auto late = total(-10, 3, 2);
  late.restarted = true;
  CHECK(count(state, late).rule == Rule::late);
  const auto outcome = count(state, total(60, 407, 382));
  CHECK(outcome.reading->count_in == 276);
  CHECK_FALSE(outcome.covered);
  CHECK(count(state, total(120, 408, 382)).covered);
}

TEST_CASE("counter: a device may take back a little more than once") {
  SeriesState state;
  (void)counted(state, total(0, 1000, 50));
  (void)counted(state, total(1, 955, 50));
  CHECK(count(state, total(2, 910, 50)).rule == Rule::lowered);
  SeriesState read;
  REQUIRE(from_json(to_json(state), read));
  CHECK(count(read, total(3, 912, 50)).rule == Rule::lowered);
  CHECK(counted(read, total(4, 3, 50))->count_in == 3);
}

TEST_CASE("counter: a total of today on a clock that is not believed may have begun anew in a silence") {
  const auto today = [](std::int64_t minute, std::int64_t in, std::int64_t midnight) {
    auto statement = total(minute, in, 0);
    statement.reset_at = at(midnight);
    statement.flags = store::kArrivalTime;
    return statement;
  };
  SeriesState state;
  (void)counted(state, today(0, 3, -600));
  CHECK(count(state, today(10, 4, -600)).covered);
  CHECK(count(state, today(20, 4, -600)).covered);
  CHECK_FALSE(count(state, today(300, 5, -600)).covered);
  CHECK(count(state, today(310, 5, -600)).covered);
  CHECK_MESSAGE(!count(state, today(320, 6, 315)).covered, "across the store's midnight");
}

TEST_CASE(
    "counter: totals of today under one instant wait until the clock goes on, for a midnight may lie there") {
  const auto today = [](std::int64_t minute, std::int64_t in) {
    auto statement = total(minute, in, 0);
    statement.reset_at = at(0);
    return statement;
  };
  SeriesState state;
  (void)counted(state, today(600, 5));
  CHECK(count(state, today(600, 7)).rule == Rule::late);
  CHECK(count(state, today(600, 0)).rule == Rule::late);
  CHECK(counted(state, today(610, 8))->count_in == 3);
}

TEST_CASE(
    "counter: a total of today that was kept back over a silence may be yesterday's, by a clock ahead") {
  const auto today = [](std::int64_t minute, std::int64_t in, std::int64_t came) {
    auto statement = total(minute, in, 0);
    statement.reset_at = at(minute < 600 ? -900 : 600);
    statement.came_at = at(came);
    return statement;
  };
  const auto before = [&] {
    SeriesState state;
    for (int minute = 0; minute < 60; minute += 5) (void)counted(state, today(minute, 40, minute));
    return state;
  };
  auto state = before();
  const auto doubtful = count(state, today(650, 43, 1000));
  CHECK(doubtful.reading->count_in == 3);
  CHECK_FALSE(doubtful.covered);
  state = before();
  CHECK_MESSAGE(counted(state, today(650, 43, 650))->count_in == 43, "it comes at once: it is today's");
  state = before();
  CHECK_MESSAGE(counted(state, today(650, 4, 1000))->count_in == 4, "it fell: it is today's");
  state = before();
  CHECK_MESSAGE(!count(state, today(300, 43, 1000)).covered, "a clock that stands still shows an old time");
}

TEST_CASE("counter: a total that moves further than people can pass is another device's") {
  for (const std::int64_t other : {60'000, 900'000}) {
    SeriesState state;
    (void)counted(state, total(0, 100'000, 50));
    const auto outcome = count(state, total(5, other, 50));
    CHECK(outcome.rule == Rule::implausible);
    CHECK(outcome.reading->count_in == 0);
    CHECK(counted(state, total(6, other + 2, 50))->count_in == 2);
  }
}

TEST_CASE("counter: a stated range decides what is a wrap and what a reset") {
  SeriesState state;
  auto near_end = total(0, 9'990, 0);
  near_end.wraps_at = 10'000;
  (void)counted(state, near_end);
  auto wrapped = total(1, 5, 0);
  wrapped.wraps_at = 10'000;
  CHECK(counted(state, wrapped)->count_in == 15);

  auto wide = total(2, 65'000, 0);
  wide.wraps_at = std::int64_t{1} << 32;
  swap_device(state);
  (void)counted(state, wide);
  auto fell = total(3, 4, 0);
  fell.wraps_at = wide.wraps_at;
  const auto outcome = count(state, fell);
  CHECK(outcome.rule == Rule::reset);
  CHECK(outcome.reading->count_in == 4);
}

TEST_CASE("counter: a fall from the end of its range that nobody can have walked is a reset, not a wrap") {
  SeriesState state;
  (void)counted(state, total(0, 60'000, 0));
  const auto outcome = count(state, total(1, 2, 0));
  CHECK(outcome.rule == Rule::reset);
  CHECK(outcome.reading->count_in == 2);
}

TEST_CASE("counter: another device behind the door begins with a baseline") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  swap_device(state);
  CHECK(count(state, total(1, 7, 3)).rule == Rule::baseline);
  CHECK(counted(state, total(2, 9, 3))->count_in == 2);
}

TEST_CASE("counter: 16 and 32 bit counters wrap") {
  for (const std::int64_t range : {std::int64_t{1} << 16, std::int64_t{1} << 32}) {
    SeriesState state;
    (void)counted(state, total(0, range - 2, 7));
    const auto reading = counted(state, total(1, 3, 7));
    REQUIRE(reading);
    CHECK(reading->count_in == 5);
    CHECK(reading->count_out == 0);
    CHECK((reading->flags & store::kWrapped) != 0);
  }
}

TEST_CASE("counter: zeros after a boot followed by the old value count nothing twice") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  CHECK_FALSE(counted(state, total(1, 0, 0)));
  CHECK_FALSE(counted(state, total(2, 0, 0)));
  const auto reading = counted(state, total(3, 101, 50));
  REQUIRE(reading);
  CHECK(reading->count_in == 1);
  CHECK(reading->started == at(0));
}

TEST_CASE("counter: zeros followed by a small value are a reset, counted from the last zero") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  CHECK_FALSE(counted(state, total(1, 0, 0)));
  CHECK_FALSE(counted(state, total(480, 0, 0)));
  const auto reading = counted(state, total(481, 2, 1));
  REQUIRE(reading);
  CHECK(reading->count_in == 2);
  CHECK(reading->count_out == 1);
  CHECK(reading->started == at(480));
}

TEST_CASE("counter: a total across a long silence is recovered, one in its rhythm is not") {
  SeriesState state;
  (void)counted(state, total(0, 10, 0));
  (void)counted(state, total(5, 11, 0));
  CHECK((counted(state, total(10, 12, 0))->flags & store::kRecovered) == 0);
  const auto reading = counted(state, total(300, 90, 0));
  CHECK((reading->flags & store::kRecovered) != 0);
  CHECK(reading->count_in == 78);
  CHECK(reading->started == at(10));
}

TEST_CASE("counter: every rule has its sentence") {
  for (int rule = 0; rule <= static_cast<int>(Rule::no_passage); ++rule)
    CHECK(std::string_view(explain(static_cast<Rule>(rule))).size() > 10);
}

TEST_CASE("counter: a state survives being written down") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  (void)counted(state, total(1, 0, 0));
  (void)counted(state, event(2, 1));
  auto keyed = interval(2, 3, 1);
  keyed.repeat_key = "m\"7";
  (void)counted(state, keyed);
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
  CHECK_FALSE(counted(state, of_run(0, 50, "a/0")));
  CHECK(counted(state, of_run(1, 60, "a/0"))->count_in == 10);
  const auto reading = counted(state, of_run(2, 100, "a/1"));
  REQUIRE(reading);
  CHECK(reading->count_in == 100);
  CHECK((reading->flags & store::kAfterReset) != 0);
  SeriesState read;
  CHECK(from_json(to_json(state), read));
  CHECK(read == state);
  CHECK(counted(state, of_run(3, 0, "b/0"))->count_in == 0);
  CHECK(counted(state, of_run(4, 100, "b/0"))->count_in == 100);
}

TEST_CASE("counter: a statement says for which time everybody has been counted") {
  SeriesState state;
  CHECK_FALSE(count(state, total(0, 100, 50)).covered);
  CHECK(count(state, total(1, 103, 50)).covered == Covered{at(0), at(1)});
  CHECK(count(state, total(600, 203, 150)).covered == Covered{at(1), at(600)});
  CHECK_MESSAGE(!count(state, total(601, 3, 1)).covered, "who passed before a reset is lost");

  SeriesState windows;
  CHECK(count(windows, interval(0, 5, 2)).covered == Covered{at(0), at(5)});
  CHECK_FALSE(count(windows, event(6, 1)).covered);
}

TEST_CASE("counter: after a fall to zero people may be lost before it, not since") {
  SeriesState state;
  (void)count(state, total(0, 100, 50));
  CHECK_FALSE(count(state, total(1, 0, 0)).covered);
  CHECK(count(state, total(2, 3, 1)).covered == Covered{at(1), at(2)});
}

TEST_CASE("counter: a fall near the end of the range is a reset where the other direction shows it") {
  SeriesState state;
  (void)counted(state, total(0, 65'530, 400));
  (void)counted(state, total(10, 65'533, 400));
  const auto outcome = count(state, total(20, 2, 3));
  CHECK(outcome.rule == Rule::reset);
  CHECK(outcome.reading->count_in == 2);
  CHECK(outcome.reading->count_out == 3);
}

TEST_CASE("counter: after a reset everybody is counted from the last time at which nobody was shown") {
  SeriesState state;
  (void)counted(state, total(0, 1, 2));
  (void)counted(state, total(30, 0, 0));
  (void)counted(state, total(60, 0, 0));
  CHECK_FALSE_MESSAGE(counted(state, total(90, 1, 0)), "one direction is at its old value by chance");
  const auto outcome = count(state, total(120, 1, 1));
  REQUIRE(outcome.reading);
  CHECK(outcome.rule == Rule::reset);
  CHECK(outcome.reading->count_in == 1);
  CHECK(outcome.reading->started == at(60));
  CHECK(outcome.covered == Covered{at(60), at(120)});
}

TEST_CASE("counter: a total that is older than the zero before it is late") {
  SeriesState state;
  (void)counted(state, total(0, 100, 50));
  CHECK_FALSE(counted(state, total(10, 0, 0)));
  CHECK(count(state, total(5, 101, 50)).rule == Rule::late);
}

TEST_CASE("counter: who was seen below the old value, or has restarted, may hide a reset") {
  SeriesState state;
  (void)counted(state, total(0, 1000, 50));
  (void)counted(state, total(1, 997, 50));
  CHECK_FALSE(count(state, total(2, 1004, 50)).covered);
  CHECK(count(state, total(3, 1006, 50)).covered);
  auto running = total(60, 1010, 50);
  running.booted_at = at(30);
  CHECK_FALSE(count(state, running).covered);
}
