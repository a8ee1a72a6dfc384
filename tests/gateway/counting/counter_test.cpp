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
  return {Kind::total, at(minute), at(minute), in, out};
}
Statement event(std::int64_t minute, std::int64_t in) {
  return {Kind::event, at(minute), at(minute), in, 0};
}
Statement interval(std::int64_t from, std::int64_t to, std::int64_t in) {
  return {Kind::interval, at(to), at(from), in, 0};
}

std::optional<store::Reading> counted(SeriesState& state, const Statement& statement) {
  return count(state, statement).reading;
}

}  // namespace

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

TEST_CASE("counter: a total beside windows and passages counts only what they have missed") {
  SeriesState state;
  REQUIRE(counted(state, interval(0, 1, 5)));
  CHECK_FALSE(counted(state, total(1, 17, 17)));
  REQUIRE(counted(state, interval(1, 2, 4)));
  CHECK_FALSE(counted(state, total(2, 21, 17)));  // the window has told all of it
  // The next window is lost on the way; the total knows.
  const auto missed = counted(state, total(3, 24, 17));
  REQUIRE(missed);
  CHECK(missed->count_in == 3);
  CHECK(missed->started == at(2));
}

TEST_CASE("counter: windows that tell more than the total moved are reported, and the total is believed") {
  SeriesState state;
  (void)counted(state, total(0, 10, 0));
  (void)counted(state, interval(0, 1, 8));
  const auto outcome = count(state, total(1, 15, 0));
  REQUIRE(outcome.disagreement);
  CHECK(outcome.disagreement->by_total == 5);
  CHECK(outcome.disagreement->one_by_one == 8);
  CHECK(counted(state, total(2, 19, 0))->count_in == 1);  // 9 since the baseline, 8 of them counted
}

TEST_CASE("counter: passages count at once, the total behind them only what they missed") {
  SeriesState state;
  (void)counted(state, total(0, 10, 0));
  REQUIRE(counted(state, event(1, 1)));
  REQUIRE(counted(state, event(2, 1)));
  const auto reading = counted(state, total(5, 13, 0));
  REQUIRE(reading);
  CHECK(reading->count_in == 1);
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

TEST_CASE("counter: what carries the same key counts once") {
  SeriesState state;
  auto window = interval(0, 1, 5);
  window.repeat_key = "fcnt=7";
  REQUIRE(counted(state, window));
  window.at = at(9);  // the same uplink, heard once more
  CHECK(count(state, window).rule == Rule::repeated);
  auto beside = event(20, 1);
  beside.repeat_key = "fcnt=7";  // the same message states something else as well
  CHECK(counted(state, beside));
  for (int i = 8; i < 60; ++i) {
    const auto key = "fcnt=" + std::to_string(i);
    auto next = interval(i, i + 1, 1);
    next.repeat_key = key;
    CHECK(counted(state, next));
  }
}

TEST_CASE("counter: stored history that reaches into what was counted says so to the store") {
  SeriesState state;
  REQUIRE(counted(state, interval(10, 20, 5)));
  const auto overlapping = counted(state, interval(5, 15, 4));
  REQUIRE(overlapping);
  CHECK(overlapping->minus_overlap);
  CHECK_FALSE(counted(state, interval(20, 30, 4))->minus_overlap);
}

TEST_CASE("counter: every rule has its sentence") {
  for (int rule = 0; rule <= static_cast<int>(Rule::no_passage); ++rule)
    CHECK(std::string_view(explain(static_cast<Rule>(rule))).size() > 10);
}

TEST_CASE("counter: an interval over a span that totals have counted adds nothing, the next one does") {
  SeriesState state;
  (void)counted(state, total(0, 10, 10));
  REQUIRE(counted(state, total(2, 14, 10)));
  CHECK_FALSE(counted(state, interval(1, 2, 4)));
  CHECK(counted(state, interval(2, 3, 1)));
  CHECK_FALSE(counted(state, total(3, 15, 10)));
}

TEST_CASE("counter: events count by themselves, and yield to intervals that cover the present") {
  SeriesState state;
  const auto first = counted(state, event(0, 1));
  REQUIRE(first);
  CHECK(first->separate);
  const auto window = counted(state, interval(0, 1, 3));
  REQUIRE(window);
  CHECK(window->minus_events);
  CHECK_FALSE(counted(state, event(2, 1)));
  CHECK(counted(state, event(9, 1)));  // periodic reports have stopped: events count again
}

TEST_CASE("counter: what the broker retained is no news") {
  SeriesState state;
  auto old = event(0, 1);
  old.retained = true;
  CHECK_FALSE(counted(state, old));
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

TEST_CASE("counter: a passage older than what a total has told adds nothing") {
  SeriesState state;
  (void)counted(state, total(0, 10, 0));
  (void)counted(state, total(5, 12, 0));
  CHECK(count(state, event(4, 1)).rule == Rule::told_by_total);
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

TEST_CASE("counter: a retained total is a baseline for a new series and nothing else") {
  SeriesState state;
  auto kept = total(0, 100, 50);
  kept.retained = true;
  CHECK(count(state, kept).rule == Rule::baseline);
  (void)counted(state, total(1, 103, 50));
  kept.at = kept.from = at(2);
  CHECK(count(state, kept).rule == Rule::retained);
  CHECK(counted(state, total(3, 104, 50))->count_in == 1);
}

TEST_CASE("counter: the total of a message and the window beside it count once, whichever comes first") {
  SeriesState state;
  (void)counted(state, total(0, 100, 0));
  (void)counted(state, total(10, 105, 0));
  CHECK(count(state, interval(10, 10, 5)).rule == Rule::told_by_total);
  CHECK(counted(state, total(20, 107, 0))->count_in == 2);
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

TEST_CASE("counter: a window that the store had already is owed to no total") {
  SeriesState state;
  (void)counted(state, total(0, 100, 0));
  const auto window = interval(0, 1, 8);
  (void)counted(state, window);
  (void)counted(state, window);
  told_before(state, window);
  const auto outcome = count(state, total(1, 108, 0));
  CHECK_FALSE(outcome.disagreement);
  CHECK(counted(state, total(2, 110, 0))->count_in == 2);
}
