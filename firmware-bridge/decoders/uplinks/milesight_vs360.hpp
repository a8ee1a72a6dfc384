#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Milesight VS360 break-beam people counter over LoRaWAN, port 85 unless changed. Channels as in
/// milesight_channels.hpp and, for all that counts people, milesight_passages.hpp; beside those:
///
///   01 75  u8       battery of the main unit in percent
///   02 75  u8       battery of the unit opposite; the report gives the lower of both
///   03 F4  u8 u8    what: 0 counts cannot be right, 1 the unit opposite is silent, 2 they are misaligned;
///                   1 = begins, 0 = is over. Several may follow each other; the last word on each holds.
///
/// Counts of an uplink that says they cannot be right have the flag counter_defect. Counts alone look the
/// same from a VS350: a payload is recognised only if it has 02 75 or 03 F4.
///
/// Source: Milesight-IoT/SensorDecoders, README and decoder of vs360.
class MilesightVs360 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "milesight-vs360-lorawan"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Milesight VS360 break-beam people counter over LoRaWAN";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
