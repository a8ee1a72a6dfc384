#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/hex.hpp"

namespace lintel::bridge {

/// One question that a decoder wants a unit on a Modbus bus to be asked, again and again.
struct ModbusRead {
  std::uint8_t function = 3;  ///< 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers
  std::uint16_t address = 0;  ///< of the first, counted from 0 as on the wire
  std::uint16_t count = 1;    ///< 1 to 125 registers, 1 to 2000 bits

  friend bool operator==(const ModbusRead&, const ModbusRead&) = default;
};

/// CRC-16 as Modbus has it: polynomial 0xA001 (reflected), start value 0xFFFF, sent low byte first.
std::uint16_t modbus_crc(std::string_view bytes);

/// The request as it goes over the wire, checksum included: 8 bytes.
std::string modbus_request(std::uint8_t unit, const ModbusRead& read);

/// What a request of 8 bytes asks for; nothing where it is none of these or its checksum is wrong.
struct ModbusRequest {
  std::uint8_t unit = 0;
  ModbusRead read;
};
std::optional<ModbusRequest> parse_modbus_request(std::string_view bytes);

/// What a unit is called by decoders and links alike: "slave 90".
std::string modbus_unit_name(std::uint8_t unit);

}  // namespace lintel::bridge
