#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/decoders/place.hpp"

namespace lintel::bridge::decoders {

using Json = nlohmann::json;

/// Says which keys a decoder looks at, wherever in the document they stand.
using KeyFilter = bool (*)(std::string_view key);

/// Parses a whole JSON text in one pass and keeps the members whose keys `wanted` accepts; the rest is
/// checked and left out. What a hostile or broken sender could do is refused, with the place, as one reject
/// in `out`: more than 1 MiB, nesting deeper than 32, more than 100,000 values, a wanted key stated twice in
/// one object (which of both counts?), bytes that are not JSON, a text cut off.
std::optional<Json> parse_json(std::string_view bytes, KeyFilter wanted, Decoded& out);

/// The member of an object; null when it is absent, is JSON's null, or `value` is no object.
const Json* member(const Json* value, std::string_view key);

/// A whole number however it was written: 5, 5.0 or "5".
std::optional<std::int64_t> whole_number(const Json& value);

/// A number of people: whole, not negative, not above `max`. Otherwise nothing, and a reject naming `place`.
std::optional<std::int64_t> read_count(const Json& value, const Place& place, std::int64_t max, Decoded& out);

/// A line, region or device named by a text or a whole number. Otherwise nothing, without a reject.
std::optional<std::string> name_of(const Json* value);

}  // namespace lintel::bridge::decoders
