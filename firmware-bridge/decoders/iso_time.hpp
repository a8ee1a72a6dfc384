#pragma once

#include <optional>
#include <string_view>

#include "firmware-bridge/core/observation.hpp"

namespace lintel::bridge::decoders {

/// An instant as devices write it after ISO 8601: `2026-07-31T23:12:00`, with fractions of a second (cut
/// to milliseconds), then `Z`, `+02:00`, `+0200`, `-00:00` (which means UTC), or no zone, which makes it
/// local. A blank may stand for the T. Anything else, and dates that no calendar has: nothing.
std::optional<DeviceTime> parse_iso_time(std::string_view text);

}  // namespace lintel::bridge::decoders
