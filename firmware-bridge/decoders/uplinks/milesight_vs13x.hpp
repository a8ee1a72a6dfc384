#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Milesight VS132, VS133 and VS135 ToF people counters over LoRaWAN, port 85 unless changed. Channels as in
/// milesight_channels.hpp; n = 1..4 is the line (VS132 has line 1 only) or the region.
///
///   03 D2, 06 D2, 09 D2, 0C D2   u32        total: in over line n since a reset
///   04 D2, 07 D2, 0A D2, 0D D2   u32        total: out over line n
///   05 CC, 08 CC, 0B CC, 0E CC   u16 u16    interval: in and out over line n since the last report
///   0F E3                        u8 x 4     level: people in regions 1 to 4
///   10 E4                        u8 u16 u16 dwell in a region: counts nobody
///   11.. to 1E..                 the same 14 for children, part of the counts above: flags children_in=N,
///                                children_out=N; in regions passed over
///   50 FC                        u8 u8 u8   ?, device (0 = this one), 1 = covered, 0 = no more
///   20 CE                        u32 u8 ..  stored in the device: Unix seconds, channel as above without its
///                                type (20 and 3C: longest dwell), data (of dwell: region u8, u16)
///
/// Totals and intervals state the same passages. How long an interval is, is set in the device and not in the
/// payload: it has no window. Only what was stored has a time. In and out of a line are put together where
/// they are about the same instant.
///
/// A payload that holds nothing but line 1's interval, or only what all of Milesight's devices share, could
/// be another model's and is not recognised.
///
/// Source: Milesight-IoT/SensorDecoders, READMEs of vs132, vs133, vs135; children, covering and stored
/// records from the vendor's decoder for VS133 (2025), without documented payloads.
class MilesightVs13x final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "milesight-vs13x-lorawan"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Milesight VS132, VS133 and VS135 ToF people counters over LoRaWAN";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
