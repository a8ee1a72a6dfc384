#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "firmware-bridge/core/time.hpp"
#include "tests/support/virtual_store_people.hpp"

namespace lintel::test {

/// What one window at one door came to, and the device's running totals at its end.
struct Window {
  UtcMs start{};
  UtcMs end{};
  Passages counted;
  Passages totals;
  std::int64_t uptime_seconds = 0;
};

/// Milesight VS125: counts below `total`; window and running totals in one message. About 1 KB with
/// `with_totals`, as the device sends it.
std::string vs125_payload(const std::string& serial, const Window& window, bool with_totals);

/// Milesight VS125 reporting that somebody crosses line 1 at `at`.
std::string vs125_trigger(const std::string& serial, UtcMs at, Passages crossed);

/// Milesight VS133: the same envelope, counts directly in the line object.
std::string vs133_payload(const std::string& serial, const Window& window);

/// A line of Tasmota's serial console: C1 counts in, C2 counts out. Times are local to the process' zone.
std::string tasmota_console_line(const std::string& topic, UtcMs at, Passages totals);

}  // namespace lintel::test
