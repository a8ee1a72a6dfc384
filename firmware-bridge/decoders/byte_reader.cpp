#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

std::string_view ByteReader::take(std::size_t count) {
  if (failed_ || count > left()) {
    failed_ = true;
    return {};
  }
  const std::string_view taken = bytes_.substr(offset_, count);
  offset_ += count;
  return taken;
}

std::uint32_t ByteReader::little(std::size_t count) {
  std::uint32_t value = 0;
  unsigned shift = 0;
  for (const char c : take(count)) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << shift;
    shift += 8;
  }
  return value;
}

std::uint32_t ByteReader::big(std::size_t count) {
  std::uint32_t value = 0;
  for (const char c : take(count)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::optional<int> bcd(std::uint8_t byte) {
  const int tens = byte >> 4;
  const int ones = byte & 0x0F;
  if (tens > 9 || ones > 9) return std::nullopt;
  return tens * 10 + ones;
}

}  // namespace lintel::bridge::decoders
