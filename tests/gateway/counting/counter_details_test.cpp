// Windows and passages, alone and beside totals, and what is told more than once.
#include <doctest/doctest.h>

#include "tests/gateway/counting/counter_statements.hpp"

using namespace lintel::counting;
using namespace lintel::test;
namespace store = lintel::store;

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

TEST_CASE("counter: a passage that its device names and times is told apart from others of its instant") {
  SeriesState state;
  const auto named = [](std::int64_t minute, const char* key) {
    auto passage = event(minute, 1);
    passage.repeat_key = key;
    passage.own_time = true;
    return passage;
  };
  const auto first = counted(state, named(5, "a"));
  REQUIRE(first->mark);
  CHECK_FALSE(first->once);
  const auto beside = counted(state, named(5, "b"));
  CHECK(beside->mark != first->mark);
  CHECK_MESSAGE(beside->once, "it may have come before, when nobody remembers its name any more");
  CHECK_FALSE(counted(state, named(6, "c"))->once);
  CHECK_FALSE_MESSAGE(counted(state, event(4, 1))->mark, "nothing names it");
}

TEST_CASE("counter: windows show that a zero was a reset, although as many have come again since") {
  SeriesState state;
  (void)counted(state, total(0, 1, 0));
  (void)counted(state, total(5, 0, 0));
  REQUIRE(counted(state, interval(5, 10, 1)));
  const auto outcome = count(state, total(10, 1, 0));
  CHECK(outcome.rule == Rule::reset);
  CHECK_FALSE(outcome.disagreement);
  CHECK(counted(state, total(15, 2, 0))->count_in == 1);  // nothing is taken off the next

  SeriesState later;  // one direction shows its old value while the other one is at zero
  (void)counted(later, total(0, 1, 1));
  (void)counted(later, total(5, 0, 0));
  CHECK_FALSE(counted(later, total(10, 1, 0)));
  REQUIRE(counted(later, interval(10, 10, 1)));
  const auto decided = count(later, total(15, 1, 1));
  CHECK(decided.rule == Rule::reset);
  CHECK(decided.reading->count_in == 0);
  CHECK(decided.reading->count_out == 1);
  CHECK(counted(later, total(20, 2, 1))->count_in == 1);

  SeriesState booting;
  (void)counted(booting, total(0, 1000, 0));
  (void)counted(booting, total(5, 0, 0));
  REQUIRE(counted(booting, interval(5, 10, 3)));
  CHECK(count(booting, total(10, 1002, 0)).rule == Rule::zero_was_boot);
}

TEST_CASE("counter: stored history that reaches into what was counted says so to the store") {
  SeriesState state;
  REQUIRE(counted(state, interval(10, 20, 5)));
  const auto overlapping = counted(state, interval(5, 15, 4));
  REQUIRE(overlapping);
  CHECK(overlapping->minus_overlap);
  CHECK_FALSE(counted(state, interval(20, 30, 4))->minus_overlap);
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

TEST_CASE("counter: what the broker retained is no news, and hides no message that comes after it") {
  SeriesState state;
  auto old = event(0, 1);
  old.retained = true;
  old.repeat_key = "7";
  CHECK_FALSE(counted(state, old));
  old.retained = false;
  CHECK(counted(state, old));
}

TEST_CASE("counter: a retained window counts only where its device's clock says when it was") {
  SeriesState state;
  auto kept = interval(0, 1, 5);
  kept.retained = true;
  CHECK(counted(state, kept));
  auto dreamt = interval(600, 601, 5);
  dreamt.retained = true;
  dreamt.flags = store::kArrivalTime;
  dreamt.stated_at = lintel::utc_ms(60'000);
  CHECK(count(state, dreamt).rule == Rule::retained);
  dreamt.retained = false;
  CHECK(counted(state, dreamt));
}

TEST_CASE("counter: a passage older than what a total has told adds nothing") {
  SeriesState state;
  (void)counted(state, total(0, 10, 0));
  (void)counted(state, total(5, 12, 0));
  CHECK(count(state, event(4, 1)).rule == Rule::told_by_total);
}

TEST_CASE("counter: a retained total is no baseline, for an earlier card may have counted beyond it") {
  SeriesState state;
  auto kept = total(0, 100, 50);
  kept.retained = true;
  CHECK(count(state, kept).rule == Rule::retained);
  CHECK_FALSE(state.has_totals());
  CHECK(count(state, total(1, 103, 50)).rule == Rule::baseline);
  kept.at = kept.from = at(2);
  CHECK(count(state, kept).rule == Rule::retained);
  CHECK(counted(state, total(3, 104, 50))->count_in == 1);
}

TEST_CASE(
    "counter: a first total of zero says not where counting begins, for a device may still be starting") {
  SeriesState state;
  CHECK(count(state, total(0, 0, 0)).rule == Rule::zero_awaited);
  CHECK(count(state, total(1, 0, 0)).rule == Rule::zero_awaited);
  SeriesState read;
  REQUIRE(from_json(to_json(state), read));
  REQUIRE(read == state);
  CHECK(count(read, total(0, 360, 0)).rule == Rule::late);
  const auto outcome = count(read, total(2, 365, 7));
  CHECK(outcome.rule == Rule::baseline);
  CHECK_FALSE(outcome.reading);
  const auto next = count(read, total(3, 367, 7));
  CHECK(next.reading->count_in == 2);
  CHECK(next.covered == Covered{at(2), at(3)});
}

TEST_CASE("counter: a device that begins at zero counts the few who come first") {
  SeriesState state;
  (void)count(state, total(0, 0, 0));
  (void)count(state, total(30, 0, 0));
  const auto outcome = count(state, total(60, 20, 1));
  REQUIRE(outcome.reading);
  CHECK(outcome.reading->count_in == 20);
  CHECK(outcome.reading->count_out == 1);
  CHECK(outcome.reading->started == at(30));
  CHECK_FALSE_MESSAGE(outcome.covered, "it may have been starting for all that is known");
  CHECK(count(state, total(90, 0, 0)).rule == Rule::zero_awaited);
  CHECK(count(state, total(120, 21, 1)).rule == Rule::zero_was_boot);

  SeriesState more;
  (void)count(more, total(0, 0, 0));
  CHECK(count(more, total(30, 21, 0)).rule == Rule::baseline);

  SeriesState apart;  // a message for each direction: of the other one nobody has seen a zero
  (void)count(apart, {lintel::bridge::Kind::total, at(0), at(0), 0, std::nullopt});
  CHECK(counted(apart, {lintel::bridge::Kind::total, at(1), at(1), std::nullopt, 9})->count_out == 0);
}

TEST_CASE("counter: windows beside a first total of zero tell who came, and the total counts them once") {
  SeriesState state;
  (void)count(state, total(0, 0, 0));
  REQUIRE(counted(state, interval(0, 5, 30)));
  const auto told = count(state, total(5, 31, 0));
  CHECK(told.rule == Rule::increment);
  CHECK(told.reading->count_in == 1);
  CHECK(counted(state, total(10, 33, 0))->count_in == 2);

  SeriesState booting;
  (void)count(booting, total(0, 0, 0));
  REQUIRE(counted(booting, interval(0, 5, 3)));
  CHECK(count(booting, total(5, 368, 0)).rule == Rule::baseline);

  SeriesState stored;  // what was kept from the night before is owed to no total
  (void)count(stored, total(0, 0, 0));
  REQUIRE(counted(stored, interval(-300, -240, 50)));
  CHECK_FALSE(count(stored, total(5, 4, 0)).disagreement);
  CHECK(counted(stored, total(10, 9, 0))->count_in == 5);
}

TEST_CASE("counter: the total of a message and the window beside it count once, whichever comes first") {
  SeriesState state;
  (void)counted(state, total(0, 100, 0));
  (void)counted(state, total(10, 105, 0));
  CHECK(count(state, interval(10, 10, 5)).rule == Rule::told_by_total);
  CHECK(counted(state, total(20, 107, 0))->count_in == 2);
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
