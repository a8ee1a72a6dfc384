#include "gateway/store/rhythm.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace lintel;
using namespace std::chrono_literals;
using store::Rhythm;

TEST_CASE("rhythm: steady reports are learned, with jitter and with several messages at a time") {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> jitter(-3000, 3000);
  Rhythm rhythm;
  for (int i = 0; i < 30; ++i) {
    const BootTime at = i * BootTime{60s} + BootTime{Millis{10'000 + jitter(random)}};
    rhythm.beat(at);
    rhythm.beat(at + 40ms);
    if (i < 10) CHECK(rhythm.interval() == Millis{0});
  }
  CHECK(rhythm.interval() > 55s);
  CHECK(rhythm.interval() < 65s);
}

TEST_CASE("rhythm: people passing are none, however busy the door") {
  std::mt19937 random(7);
  for (const double mean : {5e3, 60e3, 900e3}) {
    std::exponential_distribution<double> gap(1 / mean);
    Rhythm rhythm;
    BootTime at{};
    int learned = 0;
    for (int i = 0; i < 2000; ++i) {
      at += std::chrono::duration_cast<BootTime>(Millis{std::lround(gap(random))});
      rhythm.beat(at);
      learned += rhythm.interval().count() > 0;
    }
    CHECK(learned < 20);
  }
}

TEST_CASE("rhythm: a silence changes nothing, a new setting is taken over") {
  Rhythm rhythm(60s);
  BootTime at{};
  const auto beat = [&](BootTime gap, int times) {
    for (int i = 0; i < times; ++i) rhythm.beat(at += gap);
  };
  beat(60s, 5);
  beat(10h, 1);
  CHECK(rhythm.interval() == 60s);
  beat(60s, 2);
  beat(10h, 1);
  CHECK(rhythm.interval() == 60s);
  beat(10min, 30);
  CHECK(rhythm.interval() == 10min);
}
