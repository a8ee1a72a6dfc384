#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/modbus.hpp"
#include "firmware-bridge/links/file_descriptor.hpp"
#include "firmware-bridge/links/link_state.hpp"
#include "firmware-bridge/links/modbus_bus.hpp"

namespace lintel::bridge::links {

/// Polls the units of one Modbus RTU bus in rounds, on a thread of its own, as libmodbus blocks. Every answer
/// that belongs to its request becomes a frame: the payload is the answer with its checksum, the topic the
/// request in hex. Exceptions are answers. What was damaged or missing is asked for once more in the same
/// round; the counters that are read this way lose nothing by it.
///
/// The device is opened by its configured path again and again, so that a /dev/serial/by-id or by-path name
/// finds an adapter that came back as another tty. When the sink refuses a frame, polling pauses and it is
/// offered again.
class ModbusLink {
 public:
  struct Options {
    std::string name;
    ModbusBus::Options bus;
    std::vector<std::uint8_t> units;
    std::vector<ModbusRead> reads;               ///< what every unit is asked (Decoder::reads)
    std::chrono::milliseconds interval{10'000};  ///< from the beginning of a round to that of the next
    int rounds_to_silence = 3;  ///< rounds without an answer after which a unit is called silent
    BootId boot{};
    std::function<BootTime()> boot_clock;
    std::function<void(const std::string&)> log;
  };

  ModbusLink(Options options, FrameSink& sink);
  ~ModbusLink();
  ModbusLink(const ModbusLink&) = delete;
  ModbusLink& operator=(const ModbusLink&) = delete;

  void start();
  /// Ends the thread, within the time of one answer at most. Nothing is appended after that.
  void stop();

  /// Any thread.
  [[nodiscard]] LinkState state() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Unit {
    std::uint8_t address;
    std::size_t first = 0;  ///< the read that the next round begins with
    bool open = false;      ///< it was asked before and went unanswered
    int failed_rounds = 0;
    ModbusBus::Failure why = ModbusBus::Failure::silent;  ///< of the last failed round
  };

  void run();
  bool open();
  bool round();
  bool poll(Unit& unit);
  tl::expected<std::string, ModbusBus::Failure> ask(Unit& unit, const ModbusRead& read);
  void keep(const Unit& unit, const ModbusRead& read, const std::string& answer);
  void judge(const Unit& unit, bool silent_before);
  void tell();
  void say(bool up, const std::string& trouble);
  void log(const std::string& text) const;
  [[nodiscard]] bool silent(const Unit& unit) const;
  [[nodiscard]] std::string words(const Unit& unit) const;
  bool pause(std::chrono::milliseconds span) const;

  const Options options_;
  FrameSink& sink_;
  FileDescriptor wake_;  ///< readable once stop() was called
  std::vector<Unit> units_;
  std::unique_ptr<ModbusBus> bus_;
  std::chrono::milliseconds backoff_;
  unsigned asked_ = 0;  ///< of late, as the next
  unsigned spoilt_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> bytes_{0};

  mutable std::mutex mutex_;
  bool up_ = false;  // guarded by mutex_, as the next two
  std::string trouble_;
  std::map<std::string, std::string, std::less<>> silent_;
  std::thread thread_;
};

}  // namespace lintel::bridge::links
