#pragma once

#include <optional>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/json_document.hpp"

namespace lintel::bridge::decoders {

/// What the number of a Xovis counter means.
enum class XovisRole {
  in,
  out,
  people,   ///< in a zone, at the end of the window or now
  note,     ///< of interest, but no people passing or present
  part,     ///< of another counter: fw-male is of fw
  unknown,  ///< a name that somebody typed
};

/// By the counter's name. `map` is what the installation knows of its line, or null; where it names channels,
/// they are in and out, and fw, bw and the like are not.
XovisRole role_of_counter(std::string_view name, const ChannelMap* map);

/// Unix milliseconds or Unix seconds as a number (what is below 10^11 can only be seconds), or RFC 3339.
std::optional<DeviceTime> xovis_time(const Json& value);

}  // namespace lintel::bridge::decoders
