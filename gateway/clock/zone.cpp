#include "gateway/clock/zone.hpp"

#include <date/tz.h>

#include <stdexcept>

namespace lintel::clock {

Result<Zone> Zone::find(const std::string& name) {
  try {
    return Zone(date::locate_zone(name), name);
  } catch (const std::runtime_error&) {
    return fail(
        ErrorKind::misconfigured,
        "time zone \"" + name + "\" is not in this machine's tzdata: use an IANA name such as Europe/Berlin");
  }
}

UtcMs Zone::to_utc(UtcMs wall_as_utc) const {
  const date::local_time<Millis> local{wall_as_utc.time_since_epoch()};
  return zone_->to_sys(local, date::choose::earliest);
}

std::pair<UtcMs, UtcMs> Zone::instants(UtcMs wall_as_utc) const {
  const date::local_time<Millis> local{wall_as_utc.time_since_epoch()};
  return {zone_->to_sys(local, date::choose::earliest), zone_->to_sys(local, date::choose::latest)};
}

UtcMs Zone::to_wall(UtcMs instant) const {
  return UtcMs{zone_->to_local(instant).time_since_epoch()};
}

}  // namespace lintel::clock
