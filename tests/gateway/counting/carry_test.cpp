#include "gateway/counting/carry.hpp"

#include <doctest/doctest.h>

#include "gateway/counting/own_clock.hpp"
#include "tests/support/temp_dir.hpp"

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

Statement total(std::int64_t minute, std::int64_t in, std::int64_t out = 0) {
  return {Kind::total, at(minute), at(minute), in, out};
}

/// A door whose card stood at 1000 in and 400 out, and of which HQ got 20 and 10 people since, until
/// minute 10.
store::CarriedCounter carried(bool alone = true) {
  store::CarriedCounter out;
  out.serial = "D1";
  out.line = "1";
  out.in = {1000, 0, 15};
  out.out = {400, 0, 9};
  out.at = at(0);
  out.gap = Millis{kMinute};
  out.alone = alone;
  out.after = {10, 20, 10, 0, at(10)};
  return out;
}

SeriesState gone_on(const store::CarriedCounter& from, const OneByOne& own = {}) {
  SeriesState state;
  REQUIRE(carry_on(state, from, own));
  return state;
}

/// "in out" of what a total counts.
std::pair<std::int64_t, std::int64_t> counted(SeriesState state, const Statement& statement) {
  const auto reading = count(state, statement).reading;
  REQUIRE(reading);
  return {reading->count_in.value_or(-1), reading->count_out.value_or(-1)};
}

using Pair = std::pair<std::int64_t, std::int64_t>;

}  // namespace

TEST_CASE("carry: the first total counts what it moved beyond what HQ holds, as one recovered reading") {
  for (const bool alone : {true, false}) {
    CAPTURE(alone);
    auto state = gone_on(carried(alone));
    const auto outcome = count(state, total(60, 1100, 450));
    REQUIRE(outcome.reading);
    CHECK(outcome.rule == Rule::increment);
    CHECK(outcome.reading->count_in == 80);
    CHECK(outcome.reading->count_out == 40);
    CHECK(outcome.reading->started == at(10));
    CHECK(outcome.reading->duration == Millis{50 * kMinute});
    CHECK(outcome.reading->flags == store::kRecovered);
    CHECK(outcome.covered == Covered{at(10), at(60)});
    const auto next = count(state, total(61, 1103, 450));
    REQUIRE(next.reading);
    CHECK(next.reading->count_in == 3);
    CHECK(next.reading->flags == 0);
  }
}

TEST_CASE("carry: the first total is marked recovered however soon it comes") {
  auto state = gone_on(carried());
  const auto outcome = count(state, total(11, 1021, 410));
  REQUIRE(outcome.reading);
  CHECK(outcome.reading->count_in == 1);
  CHECK(outcome.reading->flags == store::kRecovered);
}

TEST_CASE("carry: a total from before what HQ holds is late, and the one that HQ has had is repeated") {
  auto state = gone_on(carried());
  CHECK(count(state, total(9, 1018, 409)).rule == Rule::late);
  CHECK(count(state, total(10, 1020, 410)).rule == Rule::repeated);
  CHECK(counted(state, total(12, 1025, 410)) == Pair{5, 0});
}

TEST_CASE("carry: a device that was reset counts its own value, all of it") {
  for (const bool alone : {true, false}) {
    CAPTURE(alone);
    auto from = carried(alone);
    from.in.since = alone ? 0 : 4;
    auto state = gone_on(from);
    const auto outcome = count(state, total(600, 30, 12));
    REQUIRE(outcome.reading);
    CHECK(outcome.rule == Rule::reset);
    CHECK(outcome.reading->count_in == 30);
    CHECK(outcome.reading->count_out == 12);
    CHECK(outcome.reading->flags == (store::kRecovered | store::kAfterReset));
    CHECK_FALSE(outcome.covered);
  }
}

TEST_CASE("carry: of a device that counts by totals alone a fall below what HQ holds shows the reset") {
  // 1005 is more than the card told, and less than where the device has been.
  auto from = carried();
  from.after = {10, 500, 0, 0, at(10)};
  CHECK(counted(gone_on(from), total(600, 1005)) == Pair{1005, 0});
  // Where windows count as well they may have told too much: nobody is counted, and what follows pays for it.
  from.alone = false;
  auto state = gone_on(from);
  CHECK(counted(state, total(600, 1005)) == Pair{0, 0});
}

TEST_CASE("carry: behind a hole in what HQ holds a reset counts nobody whom the readings may have told") {
  auto from = carried();
  from.after.hole = true;
  CHECK(counted(gone_on(from), total(60, 1100, 450)) == Pair{80, 40});
  CHECK(counted(gone_on(from), total(60, 300, 50)) == Pair{280, 40});
}

TEST_CASE("carry: a counter that passes the end of its range while nobody listens goes on") {
  auto from = carried();
  from.in = {65'400, 0, 15};
  CHECK(counted(gone_on(from), total(40, 40, 410)) == Pair{65'536 - 65'420 + 40, 0});
  // And one that had passed it before the card died.
  from.in = {65'520, 0, 15};
  from.after.flags = store::kWrapped;
  CHECK(counted(gone_on(from), total(40, 50, 410)) == Pair{65'536 - 65'520 - 20 + 50, 0});
}

TEST_CASE("carry: people whom the cards told one by one are not counted again by the total") {
  auto from = carried(false);
  from.in.since = 7;
  CHECK(counted(gone_on(from), total(60, 1100, 450)) == Pair{73, 40});
  CHECK(counted(gone_on(from, {13, 5}), total(60, 1100, 450)) == Pair{60, 35});
}

TEST_CASE("carry: what HQ holds of an inverted sensor is the other way round") {
  auto from = carried();
  from.inverted = true;
  CHECK(counted(gone_on(from), total(60, 1100, 450)) == Pair{90, 30});
}

TEST_CASE("carry: a total that moved further than people can pass is another device's") {
  auto state = gone_on(carried());
  const auto outcome = count(state, total(20, 900'000, 410));
  CHECK(outcome.rule == Rule::implausible);
  CHECK(outcome.reading->count_in == 0);
}

TEST_CASE("carry: a counter of another run has begun at zero") {
  auto from = carried();
  from.run = "first";
  auto state = gone_on(from);
  auto later = total(60, 1100, 450);
  later.counter_run = "second";
  const auto outcome = count(state, later);
  CHECK(outcome.rule == Rule::reset);
  CHECK(outcome.reading->count_in == 1100);
}

TEST_CASE("carry: a direction that was never told begins with its first total") {
  auto from = carried();
  from.out = {};
  CHECK(counted(gone_on(from), total(60, 1100, 450)) == Pair{80, 0});
}

TEST_CASE("carry: where the device took something back before, its time is not called covered") {
  auto from = carried();
  from.doubtful = true;
  auto state = gone_on(from);
  const auto outcome = count(state, total(60, 1100, 450));
  CHECK(outcome.reading->count_in == 80);
  CHECK_FALSE(outcome.covered);
}

TEST_CASE("carry: totals that readings have left behind are not gone on from, and say why") {
  auto from = carried();
  from.after.flags = store::kAfterReset;
  SeriesState state;
  const auto reset = carry_on(state, from, {});
  REQUIRE_FALSE(reset);
  CHECK(reset.error().message.find("began again") != std::string::npos);
  CHECK(state == SeriesState{});
  from.after.flags = store::kCorrected;
  CHECK_FALSE(carry_on(state, from, {}));
  from.alone = false;  // windows are corrected by the device itself
  CHECK(carry_on(state, from, {}));
}

TEST_CASE("carry: a state that was carried survives a restart") {
  const auto state = gone_on(carried(false), {1, 2});
  SeriesState again;
  REQUIRE(from_json(to_json(state), again));
  CHECK(again == state);
}

TEST_CASE("carry: what readings do not lead to is a jump, and nothing else") {
  SeriesState state;
  (void)count(state, total(0, 100, 50));
  const auto begun = state.jumps;
  CHECK(begun > 0);
  for (int minute = 1; minute < 9; ++minute) (void)count(state, total(minute, 100 + minute, 50));
  (void)count(state, total(9, 0, 0));      // awaited
  (void)count(state, total(10, 110, 50));  // it was a start
  CHECK(state.jumps == begun);
  (void)count(state, total(11, 3, 1));
  CHECK(state.jumps == begun + 1);
  (void)count(state, total(12, 1'000'000, 1));
  CHECK(state.jumps == begun + 2);
  swap_device(state);
  CHECK(state.jumps == begun + 3);
  auto own = total(20, 5, 5);
  own.flags = store::kUnconfirmed;
  (void)count_on(state, own);
  const auto before = state.jumps;
  shift(state, Millis{1000});
  CHECK(state.jumps == before + 1);
}

TEST_CASE("carry: a zero that was seen before HQ answered is what the carried totals fell to") {
  SeriesState state;
  REQUIRE(count_on(state, total(20, 0)).rule == Rule::zero_awaited);
  REQUIRE(carry_on(state, carried(), {}));
  auto starting = state;
  const auto boot = count(starting, total(30, 1025, 412));
  CHECK(boot.rule == Rule::zero_was_boot);
  CHECK(boot.reading->count_in == 5);
  CHECK(boot.reading->count_out == 2);
  CHECK_FALSE_MESSAGE(boot.covered, "it may have been reset, and more have come since");
  const auto reset = count(state, total(30, 5, 2));
  CHECK(reset.rule == Rule::reset);
  CHECK(reset.reading->count_in == 5);
  CHECK(reset.reading->started == at(20));

  SeriesState older;  // a zero from before what HQ holds says nothing
  (void)count_on(older, total(5, 0));
  REQUIRE(carry_on(older, carried(), {}));
  CHECK(count(older, total(30, 1025, 412)).rule == Rule::increment);
}

TEST_CASE("carry: the first total of a series is kept, moves with the clock, and belongs to its device") {
  lintel::test::TempDir dir;
  auto db = store::Database::open(dir.path() / "lintel.db", store::OpenMode::writer);
  REQUIRE(db);
  REQUIRE(store::migrate(*db));
  FirstTotals firsts(*db);
  auto first = total(5, 70'000, 12);
  first.wraps_at = 100'000;
  first.counter_run = "since=2026";
  first.booted_at = at(2);
  first.flags = store::kUnconfirmed;
  firsts.note(3, "1", "D1", first);
  firsts.note(4, "1", "D2", total(6, 1, 1));
  firsts.shift(Millis{kMinute});
  const auto kept = firsts.find(3, "1", "D1");
  REQUIRE(kept);
  const auto statement = kept->statement();
  CHECK(statement.at == at(6));
  CHECK(statement.booted_at == at(3));
  CHECK(statement.count_in == 70'000);
  CHECK(statement.count_out == 12);
  CHECK(statement.wraps_at == 100'000);
  CHECK(statement.counter_run == "since=2026");
  CHECK(statement.flags == 0);
  CHECK(firsts.find(4, "1", "D2")->at() == at(6));
  CHECK_FALSE(firsts.find(3, "1", "another"));
  firsts.drop(3, "1");
  CHECK_FALSE(firsts.find(3, "1", "D1"));
}
