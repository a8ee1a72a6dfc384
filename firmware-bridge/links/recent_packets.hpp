#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"

namespace lintel::bridge::links {

/// Remembers the MQTT packets stored last, so that one the broker sends again because it never saw our
/// acknowledgement is known. A packet is a repeat only if the broker says so (DUP) and its identifier,
/// topic and payload are those of a remembered one: two equal messages of a device stay two.
/// Used by the writer alone, in the order of the spool.
class RecentPackets {
 public:
  /// More than a broker leaves unacknowledged at a time (mosquitto: 20 unless configured).
  static constexpr std::size_t kRemembered = 256;
  /// What save() keeps of each link: enough for that default, small enough to be written with every commit.
  static constexpr std::size_t kSaved = 32;

  [[nodiscard]] bool is_repeat(const Frame& frame) const;
  void note(const Frame& frame);

  [[nodiscard]] std::string save() const;
  /// Replaces what is remembered; unreadable bytes leave nothing.
  void restore(std::string_view saved);

 private:
  struct Packet {
    std::uint16_t id;
    std::uint32_t checksum;
    std::uint32_t size;
    friend bool operator==(const Packet&, const Packet&) = default;
  };
  static Packet packet_of(const Frame& frame);

  std::map<std::string, std::deque<Packet>, std::less<>> links_;
};

}  // namespace lintel::bridge::links
