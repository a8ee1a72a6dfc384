#pragma once

#include <chrono>
#include <cstdint>

#include <sys/types.h>

namespace lintel::bench {

/// What the kernel has booked on a process so far.
struct Usage {
  std::chrono::microseconds processor{0};
  std::int64_t written_bytes = 0;    ///< handed to a block device
  std::int64_t anonymous_bytes = 0;  ///< resident memory that is no file's
};

/// Reads /proc; throws std::runtime_error when the process is gone or not ours to look at.
Usage usage_of(pid_t process);

}  // namespace lintel::bench
