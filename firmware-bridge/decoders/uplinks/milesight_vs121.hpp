#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Milesight VS121 AI workplace sensor over LoRaWAN, port 85 unless changed. Channels as in
/// milesight_channels.hpp, little endian but for the mask, which is big endian:
///
///   04 C9  u8 u8 u16     level: people in all; presence: number of regions, mask, bit 0 = region 1
///   05 CC  i16 i16       interval: in and out since the last report
///   06 CD  u8            most people at once since the last report: flag max_in_window=N of the level
///   07 D5  u8 x 8        level: people in regions 1 to 8
///   08 D5  u8 x 8        level: people in regions 9 to 16
///   09..0C DA  u16 x 4   how many went from A (B, C, D) to A, B, C, D: counts nobody for a second time
///   0D CC  u16 u16       total: in and out; 16 bits
///   0E E4  u8 u16 u16    dwell: counts nobody
///   0F 85  u32           Unix seconds of this report, wherever in the uplink it stands
///   10 F7  u16 u16       in and out over a line, from newer firmware; whether since the last report or ever
///                        is not documented: a reject, not a count
///   20 CE  u32 u8 ..     stored in the device: Unix seconds, what, data; flag historical
///     01 as 04 C9; 02 as 05 CC; 03 as 06 CD; 04, 05, 06, 07 people in regions 1..4, 5..8, 9..12, 13..16;
///     08 to 0F flow; 10 as 0D CC; 11 dwell; 12 as 10 F7
///   FF 08  6 or 8 bytes  serial number in decimal digits, so that FF can only be the next channel
///
/// A region in the mask is somebody or nobody, no number of people. A payload with nothing but 05 CC, or only
/// what all of Milesight's devices share, could be another model's and is not recognised.
///
/// Source: Milesight-IoT/SensorDecoders, README of vs121; what is stored, the line and the longer serial
/// number from the vendor's decoder (2026), without documented payloads.
class MilesightVs121 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "milesight-vs121-lorawan"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Milesight VS121 AI workplace sensor over LoRaWAN";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
