#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/hex.hpp"

namespace lintel::bridge::decoders {

/// Takes numbers off the front of some bytes. A number that is not all there reads as 0 and makes the reader
/// fail for good, so that a fixed layout may be read in one go and asked about once. The bytes must outlive
/// it.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::int8_t i8() { return static_cast<std::int8_t>(u8()); }
  std::uint16_t le16() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t le24() { return little(3); }
  std::uint32_t le32() { return little(4); }
  std::uint16_t be16() { return static_cast<std::uint16_t>(big(2)); }
  std::uint32_t be32() { return big(4); }

  /// The next `count` bytes; nothing, and failed, where fewer are left.
  std::string_view take(std::size_t count);

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - offset_; }

 private:
  std::uint32_t little(std::size_t count);
  std::uint32_t big(std::size_t count);

  std::string_view bytes_;
  std::size_t offset_ = 0;
  bool failed_ = false;
};

/// Two decimal digits in a byte, 0x59 for 59; nothing where a half is no digit.
std::optional<int> bcd(std::uint8_t byte);

using bridge::from_hex;
using bridge::to_hex;

}  // namespace lintel::bridge::decoders
