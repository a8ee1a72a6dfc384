#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>

#include "firmware-bridge/core/time.hpp"

namespace lintel::health {

/// What the machine says of itself. Absent: it has no such sensor, or does not let us look.
struct Machine {
  std::optional<double> temperature;        ///< of the processor, degrees Celsius
  std::optional<bool> undervoltage;         ///< now
  std::optional<bool> undervoltage_before;  ///< at any time since it booted
  std::optional<bool> read_only;            ///< the file system of the database
  std::optional<double> inodes_free;        ///< share of the file system's, 0 to 1; absent where it has none
  std::optional<std::uint64_t>
      written_day;                   ///< bytes that the disk below the database takes a day, by everybody
  std::chrono::seconds measured{0};  ///< over so long; less than a day at first
};

/// Looks at the machine, at most once in ten seconds. Used by one thread. Sources: the kernel's
/// Documentation/driver-api/thermal, Documentation/ABI/testing/sysfs-class-hwmon (in0_lcrit_alarm, as the
/// Raspberry Pi's rpi_volt driver has it), the Pi firmware's get_throttled (bit 0 now, bit 16 since boot),
/// Documentation/block/stat (seventh field: sectors of 512 bytes written).
class MachineWatch {
 public:
  /// `root`: "/", or a tree that stands for it. `state_dir`: where the database lies.
  MachineWatch(std::filesystem::path root, std::filesystem::path state_dir);

  const Machine& look(BootTime now);

 private:
  struct Written {
    BootTime at;
    std::uint64_t bytes;
  };

  void look_at_power();
  void look_at_file_system();
  void look_at_writes(BootTime now);
  [[nodiscard]] std::optional<std::uint64_t> bytes_written() const;

  const std::filesystem::path root_;
  const std::filesystem::path state_dir_;
  std::filesystem::path throttled_;  ///< found once; empty: there is none
  std::filesystem::path alarm_;
  Machine machine_;
  std::optional<BootTime> looked_;
  std::deque<Written> written_;  ///< an hour apart, a day back, and the newest
};

}  // namespace lintel::health
