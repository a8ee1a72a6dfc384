#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"

namespace lintel::bridge {

enum class Kind {
  interval,  ///< people counted inside a window (a delta)
  event,     ///< a passage, usually of one person (a delta)
  total,     ///< running count since some reset
  level,     ///< people present now, or at the end of the window
  presence,  ///< occupied (1) or vacant (0), no number of people
};

const char* to_string(Kind kind);

/// An instant on the device's own clock. `local` instants carry no zone: `time` then holds the wall
/// reading as if it were UTC, and the sensor's configured zone decides what it means.
struct DeviceTime {
  UtcMs time{};
  bool local = false;

  friend bool operator==(const DeviceTime&, const DeviceTime&) = default;
};

/// What one payload states about one line, region or device. Nothing is derived: absent stays absent.
struct Observation {
  std::string sensor;  ///< identity the payload (or topic) states; empty: the link is the identity
  Kind kind = Kind::interval;
  std::optional<DeviceTime> time;  ///< instant of the statement, end of window; absent: arrival counts
  std::optional<DeviceTime> from;  ///< window, where the payload gives one
  std::optional<DeviceTime> to;
  std::string line;    ///< counting line as the payload names it; both empty = whole device
  std::string region;  ///< counting region as the payload names it
  std::optional<std::int64_t> count_in;
  std::optional<std::int64_t> count_out;
  std::optional<std::int64_t> occupancy;
  std::vector<std::string> flags;  ///< quality words, see tests/corpus/README.md
  /// Equal where a device states the same thing again (message id, frame counter), so that it counts once;
  /// empty where the format knows no such mark.
  std::string repeat_key{};
  /// The total starts again at 0 when it would reach this, as 65536 where it is sent in 16 bits; absent:
  /// unknown, or no total.
  std::optional<std::int64_t> wraps_at{};
  /// How long before its arrival the statement was true, where the device states that instead of a time.
  std::optional<Millis> age{};
  /// Totals only: with another word than before the counter has begun at 0 again. Empty: the device does not
  /// say, and only a fall shows it.
  std::string counter_run{};
};

enum class RejectKind {
  length,       ///< too short, too long, cut off
  integrity,    ///< checksum or syntax wrong
  sanity,       ///< well-formed, but the values cannot be
  unsupported,  ///< a message of this family that the decoder does not know
};

const char* to_string(RejectKind kind);

struct Reject {
  RejectKind kind = RejectKind::unsupported;
  std::string message;  ///< names the place in the payload and what was expected there
};

/// What a device says of itself beside its counts.
struct DeviceReport {
  std::string sensor;
  std::optional<bool> connected;               ///< a last will or its opposite
  std::optional<std::int64_t> uptime_seconds;  ///< a fall means that the device restarted
  std::optional<int> battery_percent{};        ///< 0 to 100
  std::optional<int> battery_mv{};             ///< where the device states a voltage and no share
  std::optional<int> signal_dbm{};             ///< RSSI of its radio
  std::optional<int> margin_db{};     ///< what its radio link could still lose (LoRaWAN's link margin)
  std::optional<bool> tampered{};     ///< moved, opened, covered
  std::vector<std::string> faults{};  ///< what it says is broken, in a few words each
  std::string firmware{};             ///< version, as it states it
};

/// A message that the format's rules ask to be sent to where the frame came from, as Sparkplug's request to
/// state everything anew. Best effort: it may be dropped, and whoever sends it limits how often.
struct Outbound {
  std::string topic;
  std::string payload;
};

struct Decoded {
  std::vector<Observation> observations;
  std::vector<Reject> rejects;
  std::vector<DeviceReport> reports;
  std::vector<Outbound> outbound{};

  void clear() {
    observations.clear();
    rejects.clear();
    reports.clear();
    outbound.clear();
  }
};

}  // namespace lintel::bridge
