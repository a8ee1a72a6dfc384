#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/finding.hpp"

namespace lintel::health {

/// How the link of a sensor is, as far as it tells of the sensor.
struct LinkFacts {
  std::string name;
  bool up = true;
  std::string trouble{};    ///< why it is down
  bool is_device = false;   ///< it asks this one device: whether it is up tells whether the device answers
  int failed_cycles = 0;    ///< of such a link: rounds in a row without an answer
  std::string no_answer{};  ///< of a bus: the unit failed round after round, and in which way
  BootTime changed{};       ///< since when it is up, or down
};

/// What the device said of itself last (device.hpp).
struct DeviceFacts {
  std::optional<bool> connected{};  ///< a last will, or its opposite
  BootTime connected_at{};          ///< since when
  bool battery_low = false;
  std::optional<int> battery_percent{};
  bool tampered = false;
  std::vector<std::string> faults{};
};

/// What is known of one sensor. Instants are on the clock of the running boot.
struct SensorFacts {
  bool enabled = true;
  std::optional<BootTime> last_data{};  ///< absent: nothing in this boot
  bool heard_before = false;            ///< in an earlier boot
  Millis stated_interval{0};            ///< from configuration, 0: not stated
  Millis learned_interval{0};           ///< 0: it has no rhythm, or not yet
  LinkFacts link{};
  DeviceFacts device{};
  int rejects = 0;            ///< payloads of the last hour that could not be read
  std::string last_reject{};  ///< why the newest of them could not
  std::string clock_fault{};  ///< of its own clock: unset, ahead, frozen, "wrong_zone MINUTES"; empty: none
  int gaps = 0;               ///< silences of the last 24 hours that were too long for it, and ended
  std::vector<Finding> odd_counts{};  ///< what its counts look like beside what is usual (norms.hpp)
};

struct Rules {
  Millis offline_after = std::chrono::minutes{30};
  /// Silence before this instant accuses nobody: the gateway was not listening.
  BootTime listening_since{};
};

/// `cause` and `advice` are those of the worst finding; both empty when there is nothing to say.
struct Verdict {
  Status status = Status::unknown;
  std::string cause{};
  std::string advice{};
  std::optional<BootTime> since{};  ///< offline: begin of the silence, never before the gateway listened
  std::vector<Finding> findings{};  ///< the worst first
  bool undecided = false;  ///< nobody can say yet, or its link is in the way: what was said before stands

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// How long a sensor of this rhythm may be silent: never below three of its intervals.
Millis patience(const Rules& rules, Millis interval);
/// The stated interval, else the learned one.
Millis interval_of(const SensorFacts& facts);
/// From this silence on a sensor with that rhythm is late; one that is over was a gap.
Millis late_after(Millis interval);

/// The rule of every sensor's health (README.md has the table). Pure: the same facts at the same instant give
/// the same verdict. A sensor with a stated or learned interval goes offline when it is silent for longer
/// than its patience. One without may be mounted at a quiet door, so its silence alone proves nothing: its
/// last will, its poll or its bus tell, else it becomes unknown, or offline when its link is down as well.
Verdict judge(const SensorFacts& facts, const Rules& rules, BootTime now);

}  // namespace lintel::health
