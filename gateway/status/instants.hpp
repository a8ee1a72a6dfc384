#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"

namespace lintel::status {

/// Reads "2026-07-31T23:12:00Z", with or without a fraction; also plain milliseconds since 1970. Absent
/// for anything else and for years before 1970 or after 9999.
std::optional<UtcMs> parse_instant(std::string_view text);

/// The instant under this key of a JSON object; absent where it is null or missing.
std::optional<UtcMs> instant_of(const nlohmann::json& object, const char* key);

}  // namespace lintel::status
