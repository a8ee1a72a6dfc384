#include "gateway/counting/level.hpp"

#include <doctest/doctest.h>

using lintel::Millis;
using lintel::UtcMs;
using lintel::counting::is_news;
using lintel::counting::LevelState;

namespace {

UtcMs at(std::int64_t ms) {
  return lintel::utc_ms(1'785'000'000'000 + ms);
}

}  // namespace

TEST_CASE("level: ten statements a second of the same level are one row a minute") {
  LevelState state;
  int rows = 0;
  for (std::int64_t ms = 0; ms < 5 * 60'000; ms += 100) rows += is_news(state, at(ms), 2);
  CHECK(rows == 5);
}

TEST_CASE("level: every change is recorded, also back to nobody, at the instant it came") {
  LevelState state;
  CHECK(is_news(state, at(0), 0));
  CHECK(is_news(state, at(100), 1));
  CHECK(is_news(state, at(200), 0));
  CHECK_FALSE(is_news(state, at(300), 0));
  CHECK(is_news(state, at(300), std::nullopt));
  CHECK_FALSE(is_news(state, at(400), std::nullopt));
}

TEST_CASE("level: the same statement a second time is no news, whatever its time says") {
  LevelState state;
  CHECK(is_news(state, at(0), 3));
  CHECK_FALSE(is_news(state, at(0), 3));
  CHECK_FALSE(is_news(state, at(59'999), 3));
  CHECK(is_news(state, at(60'000), 3));
}

TEST_CASE("level: history that comes late is recorded and does not hide what holds now") {
  LevelState state;
  CHECK(is_news(state, at(600'000), 4));
  CHECK(is_news(state, at(300'000), 4));
  CHECK(is_news(state, at(360'000), 1));
  CHECK_FALSE(is_news(state, at(600'100), 4));
}
