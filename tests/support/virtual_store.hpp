#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/ledger.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_pty.hpp"

namespace lintel::test {

struct VirtualStoreOptions {
  std::string broker = "tcp://127.0.0.1:1883";
  std::filesystem::path tty;     ///< where the serial sensor appears
  std::filesystem::path ledger;  ///< truth about what was sent
  std::uint64_t seed = 1;
  double compress = 60.0;      ///< the store's clock runs this much faster than the wall's
  double start_hour = 11.0;    ///< the store's time of day when the doors open
  double peak_per_hour = 240;  ///< of the main door, one direction
  std::chrono::seconds window{2};
};

/// Three doors of a store: a Milesight VS125 and a VS133 on MQTT, a Tasmota board with two light barriers
/// on a serial line. People follow the compressed clock; stamps and windows in payloads are real time.
class VirtualStore {
 public:
  /// The serial device exists from here on; nothing is sent before open().
  explicit VirtualStore(VirtualStoreOptions options);
  ~VirtualStore();

  void open();
  /// No more people. Returns when the broker has acknowledged every message and the serial line has
  /// taken the last totals; the board goes on repeating its last totals until the end of the object, as such
  /// boards do.
  void close();

 private:
  using Payload = std::function<std::string(const Window&)>;
  struct Door {
    std::string serial;
    std::string topic;
    Payload payload;
    double share;  ///< of the main door's traffic
  };

  void run_mqtt_door(const Door& door, std::uint64_t seed, std::stop_token stop);
  void run_serial_door(std::uint64_t seed, std::stop_token stop);
  [[nodiscard]] double store_hour(UtcMs at) const;
  [[nodiscard]] std::chrono::duration<double> store_span(Millis span) const;

  VirtualStoreOptions options_;
  Ledger ledger_;
  SerialDevice tty_;
  std::vector<Door> doors_;
  UtcMs opened_{};
  std::atomic<bool> closed_{false};
  std::atomic<bool> serial_settled_{false};  ///< the board has said all it counted before closing
  std::vector<std::jthread> mqtt_threads_;
  std::jthread serial_thread_;
};

}  // namespace lintel::test
