#pragma once

#include "gateway/health/verdict.hpp"

namespace lintel::health {

/// Whether a sensor is there: by its silence, its last will, its poll, its bus, its link.
struct Reach {
  Status status = Status::online;
  std::string_view kind{};  ///< of the alert; empty: none, or its link has one
  std::string cause{};
  std::string advice{};
  std::optional<BootTime> since{};
  bool undecided = false;
};

/// Pure. `online`: nothing speaks against it.
Reach reach_of(const SensorFacts& facts, const Rules& rules, BootTime now);

}  // namespace lintel::health
