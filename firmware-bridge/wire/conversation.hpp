#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/time.hpp"
#include "firmware-bridge/wire/packet.hpp"

namespace lintel::bridge::wire {

/// The gateway's side of one line, without the line: bytes come in, packets to keep and bytes to send go out.
/// What it remembers dies with the process, and may: the device repeats what was not acknowledged, and the
/// decoder knows what it has counted.
///
/// Records are kept in the order of their numbers, each once in a process; one whose predecessor is missing
/// is left to be repeated. An acknowledgement is sent only when `when_committed` has called back. One thread.
class Conversation {
 public:
  using Clock = std::chrono::steady_clock;

  struct Surroundings {
    /// Keeps an unstuffed packet; false: it could not, and the device shall send it again.
    std::function<bool(std::string_view packet)> keep;
    /// As Commits::when_committed. What is passed may be called after this object has gone.
    std::function<void(std::function<void()>)> when_committed;
    std::function<void(std::string bytes)> send;
    std::function<std::optional<UtcMs>()> utc;  ///< the time for devices that want it; absent while unknown
  };

  /// What the line has seen since the start.
  struct Facts {
    std::string serial;  ///< of the device that said hello last
    std::uint64_t kept = 0;
    std::uint64_t repeats = 0;
    std::uint64_t out_of_order = 0;  ///< left to be repeated, because one before them is missing
    std::uint64_t damaged = 0;
    std::uint64_t refused = 0;  ///< could not be kept
    std::string flaw;           ///< why the last damaged packet was; empty once a whole one came
  };

  explicit Conversation(Surroundings surroundings) : around_(std::move(surroundings)) {}

  /// The line was opened: asks who is there.
  void open(Clock::time_point now);
  void receive(std::string_view bytes, Clock::time_point now);
  /// About once a second: asks again while nobody has answered, tells the time.
  void tick(Clock::time_point now);

  [[nodiscard]] const Facts& facts() const { return facts_; }

 private:
  void take(std::string_view stuffed);
  void take_hello(const Packet& packet, std::string_view bytes);
  void take_record(const Packet& packet, std::string_view bytes);
  void ask();
  void welcome();
  void acknowledge();
  void await_commit();
  bool keep(std::string_view bytes);
  [[nodiscard]] bool is_known(const Packet& packet) const;

  const Surroundings around_;
  Cutter cutter_;
  Facts facts_;
  Clock::time_point now_{};
  std::optional<Clock::time_point> asked_;
  Clock::time_point told_time_{};
  std::string packet_;  ///< unstuffed; a member to spare allocations

  // The device that said hello.
  bool present_ = false;
  std::string serial_;
  std::uint32_t run_ = 0;
  std::uint32_t expected_ = 0;   ///< the next record to be kept
  std::uint32_t committed_ = 0;  ///< all before it are committed
  bool doubted_ = false;         ///< its last hello went back behind what was kept
  bool time_told_ = false;

  bool awaiting_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  ///< its value counts the devices
};

}  // namespace lintel::bridge::wire
