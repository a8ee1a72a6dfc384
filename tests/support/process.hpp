#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lintel::test {

/// A child process. It is killed with SIGKILL when the object goes, and by the kernel when the thread
/// that spawned it ends, so that an aborted test leaves nothing behind. Not thread-safe.
class Process {
 public:
  /// Starts `argv` (argv[0] is looked up in PATH). `env` holds "NAME=value" entries added to the own
  /// environment. Output and errors are appended to `out_file`, or dropped where it is empty.
  /// Throws std::system_error when the program cannot be started.
  static Process spawn(const std::vector<std::string>& argv, const std::vector<std::string>& env = {},
                       const std::filesystem::path& out_file = {});

  Process() = default;  ///< no process
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void kill(int signal = SIGKILL);  ///< does nothing once the process has ended

  /// Waits for the end: the exit code, or 128 + signal.
  int wait();
  /// The same with a limit; nothing if it still runs.
  std::optional<int> wait_for(std::chrono::milliseconds limit);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  bool reap(int options);

  pid_t pid_ = -1;
  std::optional<int> status_;  // set once the process was reaped
};

/// A TCP port of the loopback interface that nothing listened on a moment ago.
int free_port();

}  // namespace lintel::test
