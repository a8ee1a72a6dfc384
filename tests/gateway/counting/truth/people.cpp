#include "tests/gateway/counting/truth/people.hpp"

#include <algorithm>

#include "tests/gateway/counting/truth/chance.hpp"

namespace lintel::test::truth {

namespace {

constexpr std::int64_t kSecond = 1000, kHour = 3'600'000, kDay = 86'400'000;

}  // namespace

std::vector<Passage> people(const Scenario& s) {
  Chance chance = Chance(s.seed).fork(1);
  std::vector<Passage> all;
  const auto pass = [&](std::int64_t at) {
    // Reports are made at whole seconds, nobody passes at such an instant, unless the device rounds.
    const auto ms = at / kSecond * kSecond + (s.whole_seconds ? 0 : chance.between(1, 999));
    all.push_back({utc_ms(ms), s.one_direction || chance.percent(50)});
  };
  for (int day = 0; day < s.days; ++day) {
    const std::int64_t midnight = count_ms(s.begin) + day * kDay;
    const bool closed = day % 7 == 6 && chance.percent(70);
    const auto visitors = closed ? 0 : chance.between(s.people_a_day / 2, s.people_a_day * 3 / 2);
    for (std::int64_t i = 0; i < visitors; ++i) pass(midnight + 8 * kHour + chance.below(12 * kHour));
    if (chance.percent(15)) {  // a coach
      const auto at = midnight + 8 * kHour + chance.below(12 * kHour);
      const auto load = chance.between(10, 60);
      for (std::int64_t i = 0; i < load; ++i) pass(at + chance.below(120 * kSecond));
    }
    if (chance.percent(25)) pass(midnight + chance.below(kDay));  // cleaners
  }
  std::sort(all.begin(), all.end(), [](const Passage& a, const Passage& b) { return a.at < b.at; });
  return all;
}

}  // namespace lintel::test::truth
