// Random statements against a picture painted second by second.
#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "tests/gateway/counting/coverage_bench.hpp"

using namespace lintel;
using namespace lintel::counting;
using namespace lintel::test;

namespace {

constexpr int kSeconds = 900;
using Picture = std::array<CoverageState, kSeconds>;

UtcMs second(int at) {
  return kMorning + Millis{at * 1000};
}

std::vector<CoverageSpan> random_statements(std::mt19937& random) {
  std::vector<CoverageSpan> statements;
  const auto many = 1 + random() % 40;
  for (std::size_t i = 0; i < many; ++i) {
    const int from = static_cast<int>(random() % (kSeconds - 1));
    const int to = std::min<int>(kSeconds, from + 1 + static_cast<int>(random() % 120));
    statements.push_back(
        {second(from), second(to), random() % 4 == 0 ? CoverageState::down : CoverageState::counting});
  }
  return statements;
}

/// Whoever was counted was counted; of the rest what was called down is down.
Picture painted(const std::vector<CoverageSpan>& statements) {
  Picture picture{};
  for (const auto& each : statements) {
    for (int at = 0; at < kSeconds; ++at) {
      if (second(at) >= each.from && second(at) < each.to) picture[at] = std::max(picture[at], each.state);
    }
  }
  return picture;
}

Picture picture_of(const Timeline& line) {
  Picture picture{};
  for (const auto& each : line.spans()) {
    for (int at = 0; at < kSeconds; ++at) {
      if (second(at) >= each.from && second(at) < each.to) picture[at] = each.state;
    }
  }
  return picture;
}

bool well_formed(const Timeline& line) {
  const auto& spans = line.spans();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].from >= spans[i].to) return false;
    if (i == 0) continue;
    if (spans[i - 1].to > spans[i].from) return false;
    if (spans[i - 1].to == spans[i].from && spans[i - 1].state == spans[i].state) return false;
  }
  return true;
}

Timeline laid(const std::vector<CoverageSpan>& statements) {
  Timeline line;
  for (const auto& each : statements) line.lay(each);
  return line;
}

}  // namespace

TEST_CASE(
    "timeline: random statements cover the union of what was counted, and replays in any order change "
    "nothing") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    auto statements = random_statements(random);
    auto line = laid(statements);
    REQUIRE(well_formed(line));
    REQUIRE(picture_of(line) == painted(statements));

    const auto before = line.spans();
    std::shuffle(statements.begin(), statements.end(), random);
    for (const auto& each : statements) line.lay(each);
    REQUIRE(line.spans() == before);
    REQUIRE(laid(statements).spans() == before);
  }
}

TEST_CASE("timeline: random moves keep what was counted as long, and leave no overlap") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto line = laid(random_statements(random));
    const int from = static_cast<int>(random() % kSeconds);
    const int to = from + static_cast<int>(random() % 300);
    const int delta = 2 * kSeconds;  // beyond everything, so that nothing meets
    auto moved = line;
    moved.shift(second(from), second(to), Millis{delta * 1000});
    REQUIRE(well_formed(moved));
    const auto picture = picture_of(line);
    const auto state_at = [&](UtcMs at) {
      for (const auto& each : moved.spans()) {
        if (at >= each.from && at < each.to) return each.state;
      }
      return CoverageState::unknown;
    };
    for (int at = 0; at < kSeconds; ++at) {
      const bool inside = at >= from && at < to;
      REQUIRE(state_at(second(at)) == (inside ? CoverageState::unknown : picture[at]));
      REQUIRE(state_at(second(at + delta)) == (inside ? picture[at] : CoverageState::unknown));
    }
  }
}
