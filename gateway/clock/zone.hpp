#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"

namespace date {
class time_zone;
}

namespace lintel::clock {

/// An IANA zone from the machine's tzdata. Copyable; lives as long as the process.
class Zone {
 public:
  /// `misconfigured` when tzdata has no zone of this name.
  static Result<Zone> find(const std::string& name);

  /// Instant of a wall reading given as if it were UTC. A reading in the hour that occurs twice means
  /// the first one, one in the hour that does not exist the instant of the jump.
  [[nodiscard]] UtcMs to_utc(UtcMs wall_as_utc) const;
  /// Both instants of a wall reading in the hour that occurs twice, the earlier first; else one twice.
  [[nodiscard]] std::pair<UtcMs, UtcMs> instants(UtcMs wall_as_utc) const;
  /// Wall reading at an instant, as if it were UTC.
  [[nodiscard]] UtcMs to_wall(UtcMs instant) const;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Zone(const date::time_zone* zone, std::string name) : zone_(zone), name_(std::move(name)) {}
  const date::time_zone* zone_;
  std::string name_;
};

}  // namespace lintel::clock
