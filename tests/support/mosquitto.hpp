#pragma once

#include <filesystem>
#include <string>

#include "tests/support/process.hpp"

namespace lintel::test {

/// A real mosquitto of the test's own: loopback, a free port, persistent sessions in `dir`, unbounded
/// queues, running as the current user. Ends with the object. Not thread-safe.
class Mosquitto {
 public:
  /// True where the broker is installed; a test without it must skip visibly.
  static bool available();

  /// Starts one that accepts connections when this returns. `extra_config` lines are appended to its
  /// configuration; anonymous access is allowed unless they mention `allow_anonymous`.
  /// Throws std::runtime_error with the broker's own words when it does not come up.
  static Mosquitto start(const std::filesystem::path& dir, const std::string& extra_config = {});

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  [[nodiscard]] const std::filesystem::path& log_file() const { return log_; }

  void stop();     ///< SIGTERM: it saves its sessions
  void kill9();    ///< SIGKILL: what it had not saved is gone
  void save();     ///< SIGUSR1: it saves its sessions now; returns at once
  void restart();  ///< comes up on the same port with the sessions it had saved; stops it first if it runs

 private:
  Mosquitto(const std::filesystem::path& dir, int port);
  bool come_up();

  std::filesystem::path config_;
  std::filesystem::path log_;
  int port_;
  Process process_;
};

}  // namespace lintel::test
