#include <ctime>

#include <fmt/format.h>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/time.hpp"

namespace lintel {

std::string format_utc(UtcMs t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t);
  const auto ms = (t - seconds).count();
  const std::time_t whole = seconds.time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&whole, &parts);
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                          parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  if (ms != 0) text += fmt::format(".{:03}", ms);
  return text + "Z";
}

}  // namespace lintel

namespace lintel::bridge {

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::interval: return "interval";
    case Kind::event: return "event";
    case Kind::total: return "total";
    case Kind::level: return "level";
    case Kind::presence: return "presence";
  }
  return "?";
}

const char* to_string(RejectKind kind) {
  switch (kind) {
    case RejectKind::length: return "length";
    case RejectKind::integrity: return "integrity";
    case RejectKind::sanity: return "sanity";
    case RejectKind::unsupported: return "unsupported";
  }
  return "?";
}

}  // namespace lintel::bridge
