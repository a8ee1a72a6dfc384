#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/modbus.hpp"
#include "firmware-bridge/core/observation.hpp"

namespace lintel::bridge::decoders {

/// An answer that belongs to its request, checksums of both included. Views into the frame.
struct ModbusAnswer {
  ModbusRequest request;
  std::string_view data;  ///< registers, high byte first, or bits

  /// Two registers from `address` on, high word first; nothing where they are not in this answer.
  [[nodiscard]] std::optional<std::uint32_t> u32(std::uint16_t address) const;
};

/// Reads a frame of Framing::modbus. Nothing, and a reject, where the frame is damaged or answers something
/// else; nothing, and a report of the unit's fault, where the unit answered with an exception.
std::optional<ModbusAnswer> read_modbus(const Frame& frame, Decoded& out);

}  // namespace lintel::bridge::decoders
