#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

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

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0F];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace lintel::bridge::decoders
