#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Milesight VS330, VS340, VS341 and VS370 over LoRaWAN, port 85 unless changed: whether somebody is there,
/// in a cabin, at a desk, in a room, and no number of people. Channels as in milesight_channels.hpp:
///
///   01 75  u8    battery in percent
///   02 82  u16   distance in mm (VS330)
///   03 8E  u8    0 vacant, 1 occupied (VS330)
///   04 8E  u8    calibration: 0 failed, 1 done (VS330)
///   03 00  u8    0 vacant, 1 occupied (VS340, VS341, VS370)
///   04 00  u8    0 dim, 1 bright, FE switched off (VS370): flags dim, bright
///
/// 03 00 and 04 00 are in other models of this vendor an open door and a removed lid (WS301), byte for byte
/// the same uplink: only 03 8E is recognised.
///
/// Source: Milesight-IoT/SensorDecoders, READMEs of vs330, vs340, vs341 and vs370; for the likeness, of
/// ws301.
class MilesightPresence final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "milesight-vs330-vs340-vs370-lorawan"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Milesight VS330, VS340, VS341 and VS370 occupancy sensors over LoRaWAN, no number of people";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
