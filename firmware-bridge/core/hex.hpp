#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge {

/// "0004a30b" for four bytes.
std::string to_hex(std::string_view bytes);

/// The bytes of an even number of hex digits of either case; nothing for anything else.
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace lintel::bridge
