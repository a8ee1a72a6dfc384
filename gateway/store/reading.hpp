#pragma once

#include <cstdint>
#include <optional>

#include "firmware-bridge/core/time.hpp"

namespace lintel::store {

/// Marks of a reading, as in schema/SYNC.md. They explain a number; only `kVoided` and `kEstimated`
/// decide where it is added up.
enum Flag : std::uint32_t {
  kArrivalTime = 1,  ///< the device's clock could not be believed
  kRecovered = 2,    ///< a cumulative counter moved across a silence
  kAfterReset = 4,
  kWrapped = 8,
  kEstimated = 16,
  kVoided = 32,
  kCorrected = 64,
  kBounded = 128,      ///< its boot never knew the time: placed between its neighbours
  kUnconfirmed = 256,  ///< its end (or instant) is on the gateway's own clock, which nobody confirmed
  kStartOnOwn = 512,   ///< its start is
};

/// Flags of what a better clock, once there is one, moves.
constexpr std::uint32_t kMovable = kUnconfirmed | kStartOnOwn;

/// What is to be stored of a line: people who passed it in a span of time.
struct Reading {
  UtcMs started{};
  Millis duration{0};
  std::optional<std::int64_t> count_in;
  std::optional<std::int64_t> count_out;
  std::uint32_t flags = 0;
  /// True: a passage of its own, which takes the next free seq at its instant.
  /// False: the statement about its window; a second one repeats or corrects the first.
  bool separate = false;
  /// Events inside the window have been counted already and are to be subtracted.
  bool minus_events = false;
  /// Other windows reach into this one: what they counted is to be subtracted.
  bool minus_overlap = false;
  /// With kBounded: it may lie so much earlier or later. Where that leaves open which bucket it belongs to,
  /// it is kept among the estimated.
  Millis uncertainty{0};
  /// A passage of its own that the device states with the same instant whenever it states it again: what is
  /// stored for this instant already with the same mark, or the same counts where it has none, is a repeat.
  bool once = false;
  /// Tells passages of one instant apart: what the device calls this one.
  std::optional<std::int64_t> mark{};
};

/// What is to be stored of a region: people present at an instant.
struct Presence {
  UtcMs at{};
  std::optional<std::int64_t> occupancy;
  std::uint32_t flags = 0;
  Millis uncertainty{0};
};

/// A reading belongs to the hour and the day of its last instant.
inline UtcMs last_instant(UtcMs started, Millis duration) {
  return duration.count() == 0 ? started : started + duration - Millis{1};
}

}  // namespace lintel::store
