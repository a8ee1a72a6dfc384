#include "tests/gateway/counting/truth/scenario.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/gateway/counting/truth/chance.hpp"

namespace lintel::test::truth {

namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr const char* kFaultNames[] = {"reset",   "power-cycle", "brief-zero", "outage",     "repeat",
                                       "reorder", "clock-unset", "frozen",     "ahead",      "behind",
                                       "swap",    "kill",        "reflash",    "correction", "retained"};
constexpr const char* kTellingNames[] = {
    "events", "windows",         "windows-with-history", "sequenced",
    "totals", "totals-of-today", "totals-and-windows",   "totals-and-sequenced"};

void draw_range(Scenario& s, Chance& chance) {
  constexpr std::int64_t kRanges[] = {0, 1 << 16, 1ll << 32, 10'000};
  s.range = chance.one_of(kRanges);
  s.states_range = s.range == 10'000 || chance.percent(60);
  s.first_total = chance.below(3000);
  // Near the end, so that it is passed within the run.
  if (s.range > 0) s.first_total = s.range - chance.between(1, 40LL * s.people_a_day / 4 + 20);
  if (s.first_total < 0) s.first_total = 0;
  if (s.telling == Telling::totals_of_today) s.range = s.first_total = 0;
}

}  // namespace

Scenario scenario_of(std::uint64_t seed, const Wish& wish) {
  Chance chance(seed);
  Scenario s;
  s.seed = seed;
  s.telling = static_cast<Telling>(chance.below(kTellings));
  constexpr std::int64_t kMinutes[] = {1, 5, 10, 15, 30, 60};
  s.every = Millis{kMinute * chance.one_of(kMinutes)};
  // About as many reports whatever their rhythm is.
  s.days = static_cast<int>(std::clamp<std::int64_t>(s.every.count() / kMinute * 900 / 1440, 2, 60));
  constexpr std::int64_t kBusy[] = {4, 40, 200, 1500};
  s.people_a_day = static_cast<int>(chance.one_of(kBusy));
  if (s.telling == Telling::events) {
    s.days = 30;
    s.people_a_day = 40;
  }
  s.days *= wish.longer;
  // Anywhere in two years, so that clock changes and leap days are met.
  s.begin = utc_ms(1'771'977'600'000 + chance.below(730) * 86'400'000);
  draw_range(s, chance);
  s.states_time = chance.percent(75);
  // Nothing tells a window that comes again, where neither its ends nor a number are stated.
  const bool has_windows = s.telling == Telling::windows || s.telling == Telling::windows_with_history ||
                           s.telling == Telling::totals_and_windows;
  s.states_time |= has_windows;
  s.whole_seconds = chance.percent(50);
  s.buffers = chance.percent(50);
  // Without a time a total of today must come while it is today.
  if (s.telling == Telling::totals_of_today && !s.states_time) s.buffers = false;
  s.keeps_totals = chance.percent(50);
  s.tells_restart = chance.percent(30);
  s.tells_run = chance.percent(20);
  s.tells_uptime = chance.percent(30);
  s.one_direction = chance.percent(15);
  // Some doors meet one fault, most a few, some everything.
  const auto share = chance.between(5, 60);
  for (std::uint32_t fault = 1; fault < kAllFaults; fault <<= 1)
    if (chance.percent(share)) s.faults |= fault;
  s.faults = (s.faults & wish.only) | wish.also;
  if (!s.states_time) s.faults &= ~kClockFaults;
  return s;
}

std::string describe(const Scenario& s) {
  std::string faults;
  for (std::size_t i = 0; i < std::size(kFaultNames); ++i)
    if ((s.faults >> i & 1) != 0) faults += fmt::format(" {}", kFaultNames[i]);
  return fmt::format(
      "{} every {} min for {} days from {}, {} people a day, range {}{}, from {}{}{}{}{}{}{}{}{};{}",
      kTellingNames[static_cast<std::size_t>(s.telling)], s.every.count() / kMinute, s.days,
      format_utc(s.begin), s.people_a_day, s.range, s.states_range ? " stated" : "", s.first_total,
      s.states_time ? "" : ", no time", s.whole_seconds ? ", whole seconds" : "",
      s.buffers ? ", buffers" : "", s.keeps_totals ? "" : ", forgets its totals",
      s.tells_restart ? ", tells restarts" : "", s.tells_run ? ", tells runs" : "",
      s.tells_uptime ? ", tells its uptime" : "", s.one_direction ? ", one direction" : "",
      faults.empty() ? " no faults" : faults);
}

}  // namespace lintel::test::truth
