#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/frame.hpp"

namespace lintel::bridge::links {

/// Remembers the MQTT packets stored last, so that one the broker sends again because it never saw our
/// acknowledgement is known. A packet is a repeat only if the broker says so (DUP) and its identifier,
/// topic and payload are those of a remembered one: two equal messages of a device stay two.
///
/// mosquitto 2.0.11 keeps the identifier and sets DUP on whatever of a persistent session it had handed to
/// the kernel before (database.c, packet_mosq.c), also across an orderly restart of its own. Not known
/// that way, and therefore stored as new: what it sends again after it was killed and fell back to its last
/// save, and what a device sends again to the broker, which forwards it under another identifier.
///
/// Used by the writer alone, in the order of the spool.
class RecentPackets {
 public:
  /// What save() keeps of each link: mosquitto's usual number in flight, small enough to be written with
  /// every commit. Spool::recall() refreshes the rest: a broker that drains a queue has had hundreds
  /// unacknowledged at a time.
  static constexpr std::size_t kSaved = 32;

  [[nodiscard]] bool is_repeat(const Frame& frame) const;
  void note(const Frame& frame);

  [[nodiscard]] std::string save() const;
  /// Replaces what is remembered; unreadable bytes leave nothing.
  void restore(std::string_view saved);

 private:
  struct Content {
    std::uint32_t checksum = 0;
    std::uint32_t size = 0;
    bool known = false;
    friend bool operator==(const Content&, const Content&) = default;
  };
  /// What each of the 65,535 identifiers was last used for, and the identifiers noted last.
  struct Link {
    std::vector<Content> packets = std::vector<Content>(65'536);
    std::deque<std::uint16_t> latest;
  };
  static Content content_of(const Frame& frame);
  static void note(Link& link, std::uint16_t id, Content content);

  std::map<std::string, Link, std::less<>> links_;
};

}  // namespace lintel::bridge::links
