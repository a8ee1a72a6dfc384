#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// 24 GHz radars that follow up to three people: Hi-Link HLK-LD2450, Ai-Thinker RD-03D. 256000 baud, 8N1, a
/// frame about every 100 ms, without identity, time and checksum.
///
///   offset  bytes  target frame, 30 bytes
///   0       4      AA FF 03 00
///   4       3 x 8  slots: x mm, y mm, speed cm/s, resolution mm, each 16 bits, low byte first
///   28      2      55 CC
///
/// Of x, y and speed, bit 15 is the sign (set: positive) and the rest the magnitude: no two's complement. A
/// slot of eight zeros holds nobody. The number of slots in use is a `level`: people in front of the radar,
/// at most three; no in and out.
///
///   offset  bytes  answer to a configuration command, on the same line
///   0       4      FD FC FB FA
///   4       2      n, low byte first
///   6       n      command, status, values: counts nobody
///   6+n     4      04 03 02 01
///
/// As nothing but the frame's shape proves that it is whole, a slot in use has to be possible as well: a
/// resolution, and a place in front of the radar within its reach.
///
/// Source: Hi-Link's LD2450 serial protocol V1.03 and the RD-03D manual, as quoted in public drivers.
class HilinkLd2450 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "hilink-ld2450"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Hi-Link HLK-LD2450 and Ai-Thinker RD-03D radars, binary target frames over a serial line";
  }
  [[nodiscard]] Framing framing() const override { return Framing::packets; }
  [[nodiscard]] PacketCut next_packet(std::string_view bytes) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
