#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Milesight VS350 and VS351 passage people counters over LoRaWAN, port 85 unless changed. Channels as in
/// milesight_channels.hpp and, for all that counts people, milesight_passages.hpp; beside those:
///
///   01 75  u8            battery in percent
///   03 67  i16           temperature in tenths of a degree
///   83 67  i16 u8        the same and why it was sent
///   81 EE  u8            sensitivity, from newer firmware
///   FF CC  u8            what feeds it (VS351)
///
/// Counts alone look the same from a VS360, and status alone the same from many of Milesight's devices: a
/// payload is recognised only if it has counts and one of 03 67, 83 67, 81 EE, FF CC beside them.
///
/// Source: Milesight-IoT/SensorDecoders, READMEs and decoders of vs350 and vs351; for 81 EE a field frame of
/// 2026.
class MilesightVs350 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "milesight-vs350-vs351-lorawan"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Milesight VS350 and VS351 passage people counters over LoRaWAN";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
