#pragma once

#include <chrono>
#include <span>
#include <string_view>

namespace lintel::health {

/// When a condition becomes an alert, and when it is none any more. Time is time in which the store is open,
/// unless `while_closed`; README.md has the table.
struct KindRule {
  std::string_view kind;
  std::chrono::minutes open_after;  ///< it was true for so long, without a break
  std::chrono::minutes
      clear_after;  ///< it was untrue for so long; doubled for every time it opened in 24 hours
  std::chrono::minutes escalate_after;  ///< open for so long, and nobody acknowledged it: critical; 0: never
  bool while_closed = false;            ///< also opens and escalates while the store is closed
};

namespace kind {
inline constexpr std::string_view kOffline = "sensor_offline";
inline constexpr std::string_view kUnreadable = "sensor_unreadable";
inline constexpr std::string_view kClock = "sensor_clock";
inline constexpr std::string_view kGaps = "sensor_gaps";
inline constexpr std::string_view kFault = "device_fault";
inline constexpr std::string_view kTampered = "device_tampered";
inline constexpr std::string_view kBattery = "device_battery";
inline constexpr std::string_view kZero = "zero_while_open";
inline constexpr std::string_view kRatio = "counts_ratio";
inline constexpr std::string_view kShare = "counts_share";
inline constexpr std::string_view kBalance = "counts_balance";
inline constexpr std::string_view kLink = "link_down";
}  // namespace kind

/// The kinds that sensors and their links have.
std::span<const KindRule> sensor_kinds();

}  // namespace lintel::health
