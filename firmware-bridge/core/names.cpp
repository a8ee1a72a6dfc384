#include <chrono>

#include <fmt/format.h>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/time.hpp"

namespace lintel {

std::string format_utc(UtcMs t) {
  // Not gmtime_r: time_t ends in 2038 where it has 32 bits.
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t);
  const auto ms = (t - seconds).count();
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                          time.hours().count(), time.minutes().count(), time.seconds().count());
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
