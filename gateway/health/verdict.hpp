#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/time.hpp"

namespace lintel::health {

enum class Status { online, degraded, offline, unknown, disabled };

const char* to_string(Status status);

/// What is known of one sensor. Instants are on the clock of the running boot.
struct SensorFacts {
  bool enabled = true;
  std::optional<BootTime> last_data;  ///< absent: nothing in this boot
  bool heard_before = false;          ///< in an earlier boot
  Millis stated_interval{0};          ///< from configuration, 0: not stated
  Millis learned_interval{0};         ///< 0: it has no rhythm, or not yet
  std::string link;
  bool link_up = true;
  std::string link_trouble;   ///< why it is down
  std::string no_answer;      ///< its link asks it and it does not answer: in which way
  int rejects = 0;            ///< payloads of the last hour that could not be read
  std::string last_reject;    ///< why the newest of them could not
  std::string clock_fault{};  ///< of its own clock: unset, ahead, frozen, "wrong_zone MINUTES"; empty: none
};

struct Rules {
  Millis offline_after = std::chrono::minutes{30};
  /// Silence before this instant accuses nobody: the gateway was not listening.
  BootTime listening_since{};
};

/// `cause` is a clause without a full stop, `advice` one or more sentences; both empty when there is
/// nothing to say.
struct Verdict {
  Status status = Status::unknown;
  std::string cause;
  std::string advice;
  std::optional<BootTime> since;  ///< offline: begin of the silence, never before the gateway listened

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// How long a sensor of this rhythm may be silent: never below three of its intervals.
Millis patience(const Rules& rules, Millis interval);

/// The rule of every sensor's health. Pure: the same facts at the same instant give the same verdict.
/// A sensor with a stated or learned interval goes offline when it is silent for longer than its
/// patience. One without may be mounted at a quiet door, so its silence alone proves nothing: it becomes
/// unknown, or offline when its link is down as well.
Verdict judge(const SensorFacts& facts, const Rules& rules, BootTime now);

}  // namespace lintel::health
