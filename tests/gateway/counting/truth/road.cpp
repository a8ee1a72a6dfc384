#include "tests/gateway/counting/truth/road.hpp"

#include <algorithm>

#include "tests/gateway/counting/truth/chance.hpp"

namespace lintel::test::truth {

namespace {

using namespace std::chrono_literals;

struct Outage {
  UtcMs from{}, to{};
};

std::vector<Outage> outages(const Scenario& s, Chance& chance) {
  std::vector<Outage> all;
  if (!s.has(kOutage)) return all;
  for (auto i = chance.between(1, 4); i > 0; --i) {
    const UtcMs from = s.begin + 1min * chance.below(s.days * 1440);
    all.push_back({from, from + 1min * chance.between(1, chance.percent(30) ? 4500 : 200)});
  }
  return all;
}

}  // namespace

std::vector<Arrival> travel(const Scenario& s, const Life& life) {
  Chance chance = Chance(s.seed).fork(4);
  const auto closed = outages(s, chance);
  std::vector<Arrival> all;
  const UtcMs end = s.begin + std::chrono::days{s.days};
  // Where the arrival is the only time, a link that changed the order would change what is said.
  const bool reorders = s.has(kReorder) && s.clock_is_right();
  UtcMs newest{};
  // What a device says of one instant in one message arrives or is lost together.
  const bool together = s.telling == Telling::totals_and_sequenced;
  for (std::size_t i = 0; i < life.messages.size();) {
    const UtcMs sent = life.messages[i].sent;
    std::size_t end_of_it = i + 1;
    while (together && end_of_it < life.messages.size() && life.messages[end_of_it].sent == sent) ++end_of_it;
    UtcMs at = sent + Millis{chance.between(20, 900)};
    bool lost = false;
    for (const auto& outage : closed) {
      if (sent < outage.from || sent >= outage.to || sent >= end) continue;
      lost |= !s.buffers;
      at = std::max(at, outage.to + Millis{chance.between(20, 900)});
    }
    if (!lost) newest = at = std::max(at, newest + 1ms);
    if (reorders && chance.percent(3)) at += s.every * chance.between(1, 2) + 1s;
    const bool again = s.has(kRepeat) && chance.percent(5);
    const UtcMs when_again = s.clock_is_right() ? at + Millis{chance.between(1, 5000)} : at;
    // What a clock that is ahead has stated is believed once that time has come.
    const bool kept = s.has(kRetained) && !s.has(kClockAhead) && chance.percent(1);
    const UtcMs when_kept = at + 1min * chance.between(1, 600);
    for (; i < end_of_it; ++i) {
      if (lost) continue;
      all.push_back({&life.messages[i], at});
      if (again) all.push_back({&life.messages[i], when_again});
      if (kept) all.push_back({&life.messages[i], when_kept, true});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Arrival& a, const Arrival& b) { return a.at < b.at; });
  return all;
}

}  // namespace lintel::test::truth
