#pragma once

#include "firmware-bridge/core/frame.hpp"

namespace lintel::bridge::links {

/// How far a link is in its broker's journal, and which of its messages come over the network instead. A
/// message has exactly one of the two ways, and its place says which: so each counts once, however often
/// and in whatever order it turns up. A value; the link has one, and the database one that moves with the
/// rows.
struct JournalProgress {
  std::uint32_t journal = 0;  ///< which journal; 0: none was seen yet, whichever comes is read from its start
  JournalPlace next{};        ///< every message before this is taken or was left to the network
  /// Messages of [gap_from, gap_to) are those that were left to the network: the ones before the link came
  /// to know the journal, and the ones that could not be read from it when they were delivered.
  JournalPlace gap_from{};
  JournalPlace gap_to{};

  friend bool operator==(const JournalProgress&, const JournalProgress&) = default;

  /// The journal counts from `end` on; what was written before comes over the network.
  static JournalProgress from_now_on(const JournalPlace& end);

  /// Whether a message of that place is left to the network.
  [[nodiscard]] bool left_to_network(const JournalPlace& place) const;
  /// Notes a frame with a place that is about to be counted. False: it has been counted.
  bool take(const Frame& frame);
};

}  // namespace lintel::bridge::links
