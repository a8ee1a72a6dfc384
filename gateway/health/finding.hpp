#pragma once

#include <string>
#include <string_view>

namespace lintel::health {

enum class Status { online, degraded, offline, unknown, disabled };

const char* to_string(Status status);

enum class Severity { info, warning, critical };

const char* to_string(Severity severity);
/// Of the alerts table; a word nobody knows is a warning.
Severity severity_from(std::string_view word);

/// One thing that is not right with a sensor. `cause` is a clause without a full stop, `advice` one or more
/// sentences.
struct Finding {
  std::string_view kind;  ///< of the alert (kinds.hpp), static; empty: too slight for one
  Status status = Status::degraded;
  std::string cause;
  std::string advice;
  Severity severity = Severity::warning;

  friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace lintel::health
