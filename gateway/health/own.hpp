#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/health/finding.hpp"
#include "gateway/health/machine.hpp"

namespace lintel::health {

/// What a gateway knows of itself. Absent: nobody can say.
struct OwnFacts {
  bool running = true;  ///< else only what the disk says is judged
  std::optional<std::uint64_t> disk_free, disk_bytes;
  Machine machine;
  std::optional<std::uint64_t>
      card_endurance;         ///< bytes its maker promises that may be written, as configured
  std::string storage_error;  ///< why nothing can be stored now; empty: all is well
  bool clock_known = true;
  std::vector<std::string> setup_problems;  ///< of the setup file that was not taken, a line each
  int damaged_databases = 0;                ///< files that were set aside (gateway/store/salvage.hpp)
  std::optional<double> days_alone;         ///< until readings have to go that HQ does not have
};

struct Condition {
  std::string kind;  ///< a stable word, as alerts have it
  Severity severity = Severity::warning;
  std::string what;    ///< a sentence
  std::string advice;  ///< one or more
};

/// What is wrong with the gateway itself, by the table in gateway/health/README.md. Pure.
std::vector<Condition> judge_own(const OwnFacts& facts);

}  // namespace lintel::health
