#pragma once

#include <cstdint>
#include <string>

#include "firmware-bridge/core/time.hpp"

namespace lintel::test::truth {

/// How a device tells what it counts.
enum class Telling : std::uint8_t {
  events,                ///< a message per passage, with an id
  windows,               ///< counts of a window with both ends
  windows_with_history,  ///< the same, and stored windows again and again
  sequenced,             ///< counts since the last report, with a number and without window
  totals,
  totals_of_today,       ///< begin anew at the device's midnight
  totals_and_windows,    ///< of the same people
  totals_and_sequenced,  ///< the same in one message, the total first, as radio counters do
};
constexpr int kTellings = 8;

/// What goes wrong.
enum Fault : std::uint32_t {
  kReset = 1,        ///< by command: the totals begin at 0
  kPowerCycle = 2,   ///< off for a while; totals may be lost
  kBriefZero = 4,    ///< totals show 0 after a boot, then the old value
  kOutage = 8,       ///< messages are lost, or kept and sent later
  kRepeat = 16,      ///< a message comes again
  kReorder = 32,     ///< messages overtake one another
  kClockUnset = 64,  ///< the device's clock is in 1970
  kClockFrozen = 128,
  kClockAhead = 256,
  kClockBehind = 512,  ///< another zone
  kSwap = 1024,        ///< another device behind the same door
  kKill = 2048,        ///< what was not committed is undone and comes again
  kReflash = 4096,     ///< the gateway begins with an empty card
  kCorrection = 8192,  ///< a total takes back what it had counted too much
  kRetained = 16384,   ///< the broker says the last message again
};
constexpr std::uint32_t kClockFaults = kClockUnset | kClockFrozen | kClockAhead | kClockBehind;
constexpr std::uint32_t kAllFaults = 32767;

/// One simulated door, drawn from a seed.
struct Scenario {
  std::uint64_t seed = 0;
  Telling telling = Telling::totals;
  std::uint32_t faults = 0;
  UtcMs begin{};
  int days = 30;
  Millis every{};          ///< between two reports
  std::int64_t range = 0;  ///< totals begin again when they would reach it; 0: never
  bool states_range = false;
  std::int64_t first_total = 0;
  bool states_time = true;     ///< else the arrival counts
  bool whole_seconds = false;  ///< times of passages have no milliseconds
  bool buffers = false;        ///< sends later what it could not send during an outage
  bool keeps_totals = true;    ///< across a power cycle
  bool tells_restart = false;
  bool tells_run = false;  ///< a word that changes with every reset
  bool tells_uptime = false;
  bool one_direction = false;
  int people_a_day = 100;

  [[nodiscard]] bool has(Fault fault) const { return (faults & fault) != 0; }
  [[nodiscard]] bool has_totals() const {
    return telling == Telling::totals || telling == Telling::totals_of_today ||
           telling == Telling::totals_and_windows || telling == Telling::totals_and_sequenced;
  }
  /// Whether every instant that is told is the true one.
  [[nodiscard]] bool clock_is_right() const { return states_time && (faults & kClockFaults) == 0; }
};

/// What of a drawn scenario is to be otherwise.
struct Wish {
  std::uint32_t only = kAllFaults;  ///< keeps those of the drawn faults that are in it
  std::uint32_t also = 0;           ///< faults it has whether they were drawn or not
  int longer = 1;                   ///< multiplies the days
};
Scenario scenario_of(std::uint64_t seed, const Wish& wish = {});
std::string describe(const Scenario& scenario);

}  // namespace lintel::test::truth
