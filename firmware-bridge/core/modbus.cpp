#include "firmware-bridge/core/modbus.hpp"

#include <fmt/format.h>

namespace lintel::bridge {

namespace {

constexpr std::size_t kRequestBytes = 8;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

std::uint16_t word_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint16_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1));
}

void put_word(std::string& bytes, unsigned word) {
  bytes += static_cast<char>(word >> 8);
  bytes += static_cast<char>(word & 0xFF);
}

}  // namespace

std::uint16_t modbus_crc(std::string_view bytes) {
  unsigned crc = 0xFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xA001U : 0U);
  }
  return static_cast<std::uint16_t>(crc);
}

std::string modbus_request(std::uint8_t unit, const ModbusRead& read) {
  std::string bytes{static_cast<char>(unit), static_cast<char>(read.function)};
  put_word(bytes, read.address);
  put_word(bytes, read.count);
  const unsigned crc = modbus_crc(bytes);
  bytes += static_cast<char>(crc & 0xFF);
  bytes += static_cast<char>(crc >> 8);
  return bytes;
}

std::optional<ModbusRequest> parse_modbus_request(std::string_view bytes) {
  if (bytes.size() != kRequestBytes) return std::nullopt;
  ModbusRequest request;
  request.unit = static_cast<std::uint8_t>(byte_at(bytes, 0));
  request.read.function = static_cast<std::uint8_t>(byte_at(bytes, 1));
  request.read.address = word_at(bytes, 2);
  request.read.count = word_at(bytes, 4);
  const bool read = request.read.function >= 1 && request.read.function <= 4 && request.read.count > 0;
  if (!read || modbus_request(request.unit, request.read) != bytes) return std::nullopt;
  return request;
}

std::string modbus_unit_name(std::uint8_t unit) {
  return fmt::format("slave {}", unit);
}

}  // namespace lintel::bridge
