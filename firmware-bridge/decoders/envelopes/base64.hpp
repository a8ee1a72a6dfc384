#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge::decoders::envelopes {

/// The bytes of a standard base64 text (RFC 4648, section 4), with or without its padding. Nothing where a
/// character, the length or the bits left over at the end cannot be: a damaged text is no payload.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lintel::bridge::decoders::envelopes
