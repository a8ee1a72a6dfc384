#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lintel::app {

/// The service manager that started us and waits for word: systemd, by the protocol of sd_notify(3). With
/// none every call does nothing. A message that cannot be delivered is lost: the manager then acts as if
/// we were silent. Of one thread.
class Supervisor {
 public:
  /// Of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  static Supervisor from_environment();

  Supervisor() = default;
  /// `socket`: a path, or a name that begins with @. `watchdog`: the silence after which we are ended.
  Supervisor(std::string socket, std::optional<std::chrono::microseconds> watchdog)
      : socket_(std::move(socket)), watchdog_(watchdog) {}

  /// Everything is open; `status` is what `systemctl status` shows.
  void ready(std::string_view status) const;
  void stopping() const;

  /// How often pulse() is to be called. Nothing: nobody waits for it.
  [[nodiscard]] std::optional<std::chrono::milliseconds> rhythm() const;
  /// Says that we live, unless the thread that everything passes through has stood `still` for more than
  /// half of the watchdog's time. Returns whether it was said.
  bool pulse(std::chrono::milliseconds still) const;

 private:
  void send(std::string_view text) const;

  std::string socket_;  // empty: none
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace lintel::app
