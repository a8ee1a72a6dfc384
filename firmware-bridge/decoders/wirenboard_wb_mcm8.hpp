#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Wiren Board WB-MCM8: eight pulse counters on Modbus RTU, which light barriers and turnstiles are wired to.
///
///   input register (function 4)  content
///   60 + 2 (n - 1), n = 1 to 8   pulses of input n, 32 bits, high word first; 0 at power-up, wraps at 2^32
///
/// A frame is an answer with its checksum; its topic is the request in hex. Register by register:
///
///   offset  bytes  answer
///   0       1      unit
///   1       1      function; with bit 7: exception
///   2       1      number of bytes that follow; of an exception its code
///   3       2 each registers, high byte first
///   last    2      CRC-16, low byte first
///
/// The unit ("slave 90") is the identity, inputs are channels in1 to in8: which of them is a line's in or out
/// is the installation's to say. An input that no line claims is a line of its own, counted as in and marked
/// `no_direction`. An exception is the unit's to explain and is reported as its fault.
///
/// Source: register table in Wiren Board's template for its own Modbus driver (wb-mqtt-serial, 2026-07-23).
class WirenboardWbMcm8 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "wirenboard-wb-mcm8-modbus"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Wiren Board WB-MCM8 pulse counters for light barriers and turnstiles, Modbus RTU over RS-485";
  }
  [[nodiscard]] Framing framing() const override { return Framing::modbus; }
  [[nodiscard]] std::vector<ModbusRead> reads() const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
