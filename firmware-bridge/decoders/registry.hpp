#pragma once

#include <span>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Every decoder of this build, sorted by name. They have no state and live as long as the program.
std::span<const Decoder* const> all_decoders();

/// The decoder of that exact name, or null.
const Decoder* find_decoder(std::string_view name);

}  // namespace lintel::bridge::decoders
