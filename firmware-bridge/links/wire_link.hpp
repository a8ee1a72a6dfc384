#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/links/link_state.hpp"
#include "firmware-bridge/links/serial_port.hpp"
#include "firmware-bridge/wire/conversation.hpp"

namespace lintel::bridge::links {

/// A serial line on which a device speaks the lintel wire (firmware-bridge/wire/WIRE.md). Passes on packets
/// whose CRC is right, unstuffed, and acknowledges records after their commit. What is damaged, repeated or
/// refused by the sink is left to the device, which keeps it and sends it again. The device file is opened
/// again and again, as SerialLink does. All members but state() are for the loop's thread.
class WireLink {
 public:
  struct Options {
    std::string name;
    std::filesystem::path device;
    SerialFormat format;
    BootId boot{};
    std::function<BootTime()> boot_clock;
    std::function<std::optional<UtcMs>()> utc;  ///< told to the device; absent while it is not known
    std::function<void(const std::string&)> log;
  };

  WireLink(boost::asio::io_context& loop, Options options, FrameSink& sink, Commits& commits);
  WireLink(const WireLink&) = delete;
  WireLink& operator=(const WireLink&) = delete;

  void start();
  void stop();

  /// Any thread.
  [[nodiscard]] LinkState state() const;

 private:
  wire::Conversation::Surroundings surroundings(Commits& commits);
  void open();
  void retry_open();
  void lost(const std::string& why);
  void read();
  void send(std::string bytes);
  void write();
  void tick();
  bool keep(std::string_view packet);
  void report();
  void say(bool up, const std::string& trouble);

  const Options options_;
  FrameSink& sink_;
  boost::asio::posix::stream_descriptor port_;
  boost::asio::steady_timer timer_;  ///< opening again, or the conversation's tick
  wire::Conversation conversation_;
  std::array<char, 4096> buffer_{};
  std::deque<std::string> outgoing_;  ///< the first is being written
  std::chrono::milliseconds pause_;   ///< before it is opened again
  std::chrono::steady_clock::time_point opened_at_{};
  bool stopped_ = false;
  std::uint64_t judged_kept_ = 0;  ///< the conversation's figures at the last report
  std::uint64_t judged_damaged_ = 0;
  std::atomic<std::uint64_t> frames_{0};
  std::atomic<std::uint64_t> bytes_{0};

  mutable std::mutex mutex_;
  bool up_ = false;      // guarded by mutex_
  std::string trouble_;  // guarded by mutex_
};

}  // namespace lintel::bridge::links
