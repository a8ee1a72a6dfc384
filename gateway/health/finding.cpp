#include "gateway/health/finding.hpp"

namespace lintel::health {

const char* to_string(Status status) {
  switch (status) {
    case Status::online: return "online";
    case Status::degraded: return "degraded";
    case Status::offline: return "offline";
    case Status::unknown: return "unknown";
    case Status::disabled: return "disabled";
  }
  return "?";
}

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::critical: return "critical";
  }
  return "?";
}

Severity severity_from(std::string_view word) {
  if (word == "critical") return Severity::critical;
  return word == "info" ? Severity::info : Severity::warning;
}

}  // namespace lintel::health
