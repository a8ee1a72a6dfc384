#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "firmware-bridge/core/modbus.hpp"
#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/file_descriptor.hpp"
#include "firmware-bridge/links/serial_port.hpp"

struct _modbus;  // libmodbus's, whose header stays out of ours

namespace lintel::bridge::links {

/// Who turns an RS-485 line from listening to sending.
enum class LineDirection {
  automatic,  ///< the adapter, by itself
  kernel,     ///< the serial driver (TIOCSRS485)
  rts,        ///< we do, with the RTS line
};

/// The master's end of a Modbus RTU bus: asks one unit at a time. One thread.
///
/// The port is opened by us and lent to libmodbus, which would take 9600 baud for every rate that it does not
/// know.
class ModbusBus {
 public:
  using Millis = std::chrono::milliseconds;

  struct Options {
    std::filesystem::path device;
    SerialFormat format;
    LineDirection direction = LineDirection::automatic;
    bool echo = false;           ///< the adapter hears what it sends
    Millis answer_timeout{500};  ///< to the first byte of an answer
    Millis gap{0};               ///< silence before a request; 0: the 3.5 characters of the standard
  };

  enum class Failure {
    silent,     ///< no answer in time
    damaged,    ///< cut off, or a checksum that does not fit
    stranger,   ///< another unit's answer, or one to another request
    line_lost,  ///< the device has gone: close it and open it again
    stopped,    ///< `wake` was readable
  };

  /// `wake` is a descriptor whose readability ends every wait; it has to outlive the bus. Errors are
  /// `transient` and say what to try.
  static Result<std::unique_ptr<ModbusBus>> open(const Options& options, int wake);
  ~ModbusBus();
  ModbusBus(const ModbusBus&) = delete;
  ModbusBus& operator=(const ModbusBus&) = delete;

  /// The unit's answer, checksum included: what was asked for, or an exception.
  tl::expected<std::string, Failure> ask(std::uint8_t unit, const ModbusRead& read);

  /// Waits until the line has been silent for two answer times, so that an answer that is still on its way is
  /// not taken for the next request's. False: stopped.
  bool settle();

 private:
  struct Free {
    void operator()(_modbus* context) const;
  };
  using Context = std::unique_ptr<_modbus, Free>;
  enum class Woken { readable, timeout, stopped, lost };

  ModbusBus(const Options& options, int wake, FileDescriptor port, Context context);

  [[nodiscard]] Woken wait(Millis most) const;
  [[nodiscard]] Millis time_of(unsigned characters) const;
  bool keep_gap();
  tl::expected<void, Failure> send(std::uint8_t unit, const std::string& request);
  tl::expected<void, Failure> swallow_echo(const std::string& request);
  tl::expected<std::string, Failure> receive();

  const Options options_;
  const int wake_;
  FileDescriptor port_;
  Context context_;
  std::chrono::steady_clock::time_point quiet_since_;
};

const char* to_string(ModbusBus::Failure failure);

}  // namespace lintel::bridge::links
