#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/stream_framer.hpp"
#include "firmware-bridge/links/link_state.hpp"
#include "firmware-bridge/links/serial_port.hpp"

namespace lintel::bridge::links {

/// Text lines or binary packets from a serial device, cut as its framer says. The device is opened by its
/// configured path again and again, so a /dev/serial/by-id or by-path name finds an adapter that came back as
/// another tty. When the sink refuses a frame, reading pauses and the frame is offered again: the kernel's
/// buffer and the device wait. All members but state() are for the loop's thread.
class SerialLink {
 public:
  struct Options {
    std::string name;
    std::filesystem::path device;
    SerialFormat format;
    BootId boot{};
    std::function<BootTime()> boot_clock;
    StreamFramer framer;
    std::function<void(const std::string&)> log;
  };

  SerialLink(boost::asio::io_context& loop, Options options, FrameSink& sink);
  SerialLink(const SerialLink&) = delete;
  SerialLink& operator=(const SerialLink&) = delete;

  void start();
  void stop();

  /// Any thread.
  [[nodiscard]] LinkState state() const;

 private:
  struct Held {
    std::string bytes;
    BootTime arrived;
  };

  void open();
  void read();
  void received(std::size_t bytes);
  void await_silence();
  void passed_silence();
  void offer();
  bool flush();
  bool append(const Held& held);
  void hold(std::string_view frame);
  void lost(const std::string& why);
  void retry_open();
  void say(bool up, const std::string& trouble);

  const Options options_;
  const std::chrono::milliseconds silence_lasts_;
  FrameSink& sink_;
  boost::asio::posix::stream_descriptor port_;
  boost::asio::steady_timer timer_;  ///< opening again, or offering refused lines again
  boost::asio::steady_timer silence_;
  std::array<char, 4096> buffer_{};
  StreamFramer framer_;
  std::deque<Held> waiting_;  ///< read and not yet in the sink
  bool reading_ = false;
  std::chrono::milliseconds pause_;  ///< before it is opened again
  std::chrono::steady_clock::time_point opened_at_{};
  bool stopped_ = false;
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> bytes_{0};

  mutable std::mutex mutex_;
  bool up_ = false;      // guarded by mutex_
  std::string trouble_;  // guarded by mutex_
};

}  // namespace lintel::bridge::links
