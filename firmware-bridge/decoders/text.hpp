#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge::decoders {

/// Foreign bytes made fit for a message: in quotes, at most 40 characters, printable ASCII only.
std::string excerpt(std::string_view bytes);

/// Whether `text` can be an identity or a name: 1 to 128 bytes of UTF-8 without control characters.
/// Anything else would not survive the way into a database key.
bool is_name(std::string_view text);

/// Without leading and trailing spaces, tabs, line ends and NULs (which C firmware likes to send along).
std::string_view trim(std::string_view text);

/// A decimal whole number and nothing else: optional minus, at most 18 digits.
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace lintel::bridge::decoders
