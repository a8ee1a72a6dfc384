#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Packets of the lintel wire, the project's own serial protocol for counters built from microcontrollers:
/// firmware-bridge/wire/WIRE.md, where every byte is laid out. A frame is one packet with its CRC, stuffed or
/// not.
///
///   hello    a report: connected, firmware; its names of lines are remembered
///   record   event or total of one line, or a reject where the device's memory had damaged it
///   health   a report: uptime, supply, faults
///   what the gateway itself sends on that line: nothing
///
/// A record that was decoded before is known by device, run and number, and adds nothing. What that needs is
/// in the session's notes (taken_records.hpp), which is why they have to be kept in the transaction of what
/// was counted. Totals carry run and life as `counter_run`: with either they began at 0.
class LintelWire final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "lintel-wire"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Lintel's own serial protocol: packets with CRC, sequence and acknowledgement (lintel_wire.h)";
  }
  [[nodiscard]] Framing framing() const override { return Framing::packets; }
  [[nodiscard]] PacketCut next_packet(std::string_view bytes) const override;
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
