#pragma once

#include <cstdint>
#include <string_view>

namespace lintel::bridge::links {

/// CRC-32C (Castagnoli, reflected 0x82f63b78), as in RFC 3720. `seed` is the result for the bytes that
/// came before, so a checksum can be made piece by piece.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0) noexcept;

}  // namespace lintel::bridge::links
