#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace lintel::test {

/// Two wires that several ttys hang on: what one says, all others hear, as on RS-485. The gateway's tty is at
/// a symbolic link as udev makes it, and can be unplugged and come back as another one. Thread-safe.
class SerialBus {
 public:
  /// Throws std::system_error when there is no pseudo terminal to be had.
  explicit SerialBus(std::filesystem::path link);
  ~SerialBus();
  SerialBus(const SerialBus&) = delete;
  SerialBus& operator=(const SerialBus&) = delete;

  /// A tty for one more device.
  std::string attach();

  /// What a device without a tty of its own says.
  void say(const std::string& bytes);

  void unplug();
  void plug();

  /// The adapter hears itself.
  void echo(bool yes);
  /// What becomes of the bytes of devices on their way to the gateway, which listens at that rate.
  using Change = std::function<std::string(std::string bytes, unsigned baud)>;
  void disturb(Change change);

  /// Everything the gateway has said.
  [[nodiscard]] std::string said() const;
  /// The rate that the gateway has set.
  [[nodiscard]] unsigned baud() const;

 private:
  struct Port {
    int master = -1;
    int tty = -1;  ///< kept open, so that the line does not hang up when a device ends
    std::string name;
  };
  static Port make_port();
  static void close_port(Port& port);
  [[nodiscard]] unsigned rate() const;
  void pump();
  void from_gateway(const std::string& bytes);
  void from_device(std::size_t which, const std::string& bytes);

  const std::filesystem::path link_;
  mutable std::mutex mutex_;
  Port near_;  // guarded by mutex_, as all the next
  std::vector<Port> far_;
  bool echo_ = false;
  Change change_;
  std::string said_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace lintel::test
