#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace lintel {

using Millis = std::chrono::milliseconds;

/// Milliseconds since 1970-01-01T00:00:00Z, the resolution of every stored instant.
using UtcMs = std::chrono::time_point<std::chrono::system_clock, Millis>;

/// Time since the machine booted, suspended time included (CLOCK_BOOTTIME). Never steps.
using BootTime = std::chrono::nanoseconds;

/// The kernel's random id of one boot: arrivals of different boots cannot be compared.
using BootId = std::array<std::uint8_t, 16>;

inline UtcMs utc_ms(std::int64_t ms) {
  return UtcMs{Millis{ms}};
}
inline std::int64_t count_ms(UtcMs t) {
  return t.time_since_epoch().count();
}

/// "2026-07-31T23:12:00Z", with ".123" before the Z unless the milliseconds are zero.
std::string format_utc(UtcMs t);

}  // namespace lintel
