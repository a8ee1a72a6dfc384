#include "tests/gateway/counting/truth/run.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/gateway/counting/truth/chance.hpp"

namespace lintel::test::truth {

namespace {

/// Nobody says, the hours in which most people come, and a bar's.
constexpr const char* kOpeningHours[] = {
    "",
    R"({"monday": [["08:00", "20:00"]], "tuesday": [["08:00", "20:00"]], "wednesday": [["08:00", "20:00"]],
        "thursday": [["08:00", "20:00"]], "friday": [["08:00", "20:00"]], "saturday": [["08:00", "20:00"]]})",
    R"({"thursday": [["19:00", "02:00"]], "friday": [["19:00", "05:00"]], "saturday": [["19:00", "05:00"]]})"};

/// What happens to the gateway between two messages.
struct Blow {
  UtcMs at{};
  void (Gateway::*strike)() = nullptr;
};

std::vector<Blow> blows(const Scenario& s, const Life& life) {
  Chance chance = Chance(s.seed).fork(5);
  std::vector<Blow> all;
  const auto some_times = [&](Fault fault, int most, void (Gateway::*strike)()) {
    for (auto i = chance.between(1, most); i > 0; --i) {
      const UtcMs at = s.begin + Millis{chance.below(s.days * 86'400'000LL)};
      if (s.has(fault)) all.push_back({at, strike});
    }
  };
  some_times(kKill, 20, &Gateway::die);
  some_times(kReflash, 2, &Gateway::reflash);
  for (const auto& swap : life.swaps) all.push_back({swap.at, &Gateway::swap});
  std::stable_sort(all.begin(), all.end(), [](const Blow& a, const Blow& b) { return a.at < b.at; });
  return all;
}

void tell(const Gateway& gateway, std::ostream& out) {
  for (const auto& traced : gateway.trace()) {
    out << fmt::format("{} {}: {}", format_utc(traced.statement.at), traced.message->text,
                       counting::explain(traced.outcome.rule));
    if (const auto& reading = traced.outcome.reading)
      out << fmt::format(" -> {} in, {} out since {}", reading->count_in.value_or(0),
                         reading->count_out.value_or(0), format_utc(reading->started));
    out << (traced.outcome.covered ? " (covered)\n" : "\n");
  }
}

}  // namespace

Verdict run(const Scenario& s, std::ostream* out) {
  Chance chance = Chance(s.seed).fork(6);
  const auto life = live(s, people(s));
  const auto arrivals = travel(s, life);
  const auto strikes = blows(s, life);
  constexpr const char* kZones[] = {"UTC", "Europe/Berlin", "America/Sao_Paulo"};
  const auto* zone = kZones[chance.below(3)];
  const int day_start = chance.percent(30) ? 240 : 0;
  const auto batch = chance.between(1, 60);
  Gateway gateway(zone, day_start, kOpeningHours[chance.below(3)]);
  std::int64_t taken = 0;
  auto strike = strikes.begin();
  for (const auto& arrival : arrivals) {
    for (; strike != strikes.end() && strike->at <= arrival.at; ++strike) (gateway.*strike->strike)();
    gateway.take(arrival);
    if (++taken % batch == 0) gateway.commit();
  }
  gateway.commit();
  if (out != nullptr) tell(gateway, *out);
  auto verdict = judge(s, life, gateway);
  if (gateway.quarantined() != 0 && life.swaps.empty()) verdict.broken.push_back("frames went to quarantine");
  return verdict;
}

Wish smallest(std::uint64_t seed, Wish wish) {
  for (std::uint32_t fault = 1; fault < kAllFaults; fault <<= 1) {
    Wish less = wish;
    less.only &= ~fault;
    less.also &= ~fault;
    if (scenario_of(seed, less).faults == scenario_of(seed, wish).faults) continue;
    if (!run(scenario_of(seed, less)).broken.empty()) wish = less;
  }
  const auto needed = scenario_of(seed, wish).faults;
  wish.only &= needed;
  return wish;
}

}  // namespace lintel::test::truth
