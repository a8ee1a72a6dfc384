#include "gateway/counting/own_clock.hpp"

#include <doctest/doctest.h>

using namespace lintel;
using namespace lintel::counting;
using namespace std::chrono_literals;

namespace {

const UtcMs kStart = utc_ms(1'785'000'000'000);

Statement total(Millis at, std::int64_t in, std::uint32_t flags) {
  Statement s;
  s.kind = bridge::Kind::total;
  s.at = s.from = kStart + at;
  s.count_in = in;
  s.flags = flags;
  return s;
}

}  // namespace

TEST_CASE("own clock: a total's reading says which of its ends stands on the unconfirmed clock") {
  SeriesState state;
  (void)count_on(state, total(0min, 10, 0));
  const auto first = count_on(state, total(1min, 12, store::kUnconfirmed)).reading;
  REQUIRE(first);
  CHECK((first->flags & store::kMovable) == store::kUnconfirmed);
  const auto second = count_on(state, total(2min, 15, store::kUnconfirmed)).reading;
  REQUIRE(second);
  CHECK((second->flags & store::kMovable) == store::kMovable);
  const auto third = count_on(state, total(3min, 16, 0)).reading;  // the device knows the time again
  REQUIRE(third);
  CHECK((third->flags & store::kMovable) == store::kStartOnOwn);
}

TEST_CASE("own clock: counting goes on after the clock was a week ahead, and after it was a week behind") {
  for (const Millis off : {Millis{7 * 24h}, -Millis{7 * 24h}}) {
    SeriesState state;
    for (int i = 0; i < 5; ++i) (void)count_on(state, total(off + 1min * i, 10 + i, store::kUnconfirmed));
    SeriesState kept;
    REQUIRE(from_json(to_json(state), kept));
    CHECK(kept == state);
    shift(kept, -off);
    CHECK(kept.total_at == kStart + 4min);
    const auto next = count_on(kept, total(5min, 20, 0)).reading;
    REQUIRE(next);
    CHECK(next->started == kStart + 4min);
    CHECK(next->duration == 1min);
    CHECK(next->count_in == 6);
    CHECK(next->flags == 0);
  }
}

TEST_CASE("own clock: what a device timed itself is not shifted") {
  SeriesState state;
  (void)count_on(state, total(0min, 10, 0));
  shift(state, 7 * 24h);
  CHECK(state.total_at == kStart);
}
