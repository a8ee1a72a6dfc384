#pragma once

#include <filesystem>
#include <string>

#include "firmware-bridge/core/time.hpp"

namespace lintel::clock {

/// The kernel's id of the running boot; all zero where /proc does not tell.
BootId boot_id();
/// Time since this boot on CLOCK_BOOTTIME.
BootTime boot_now();

/// What the machine says about its clock at one moment.
struct Sample {
  UtcMs wall{};
  BootTime boot{};
  bool synchronised = false;  ///< the kernel's NTP state
  Millis max_error{0};        ///< the kernel's own bound for its error, while synchronised
};

Sample sample_machine();

/// The day before this executable was built, or (LINTEL_SOURCE_DATE, in seconds) when its source was made:
/// earlier clocks are unset clocks.
UtcMs build_date();

/// Whether the machine's own clock is worth something before NTP has set it, and why, for people.
struct Trust {
  bool trusted = true;
  std::string reason;
};

/// Looks for the signs below `root` (the machine's "/"). Not trusted is only a board (it has a device tree)
/// that is no virtual machine and has no clock chip which the kernel has set the time from (hctosys) and
/// which shows a time after the build date: such a board wakes up at any time whatever.
Trust system_clock_trust(const std::filesystem::path& root, UtcMs build_date);

}  // namespace lintel::clock
