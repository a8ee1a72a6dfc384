#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Terabee's People Counting L-XL and M and People Occupancy Counting over LoRaWAN. Big endian; the port says
/// what a payload is, and without it nothing can be said:
///
///   port 1    L-XL       u32 u32 u8   total: in, out; flags: 1 counting stopped, 2 counting stuck,
///                                     4 several devices disagree, 8 Wi-Fi access point on
///   port 82   M          u32 u32 u8   the same; 4 network on
///   port 83   occupancy  u8           flags: 1 counting stopped, 2 counting stuck, 4 Wi-Fi access point on,
///                                     8 warming up
///                        u8           level: people in all
///                        u8 x 8       level: people in zones 0 to 7; 255 = no such zone
///   port 2    L-XL, M    02 u32 u32   total, asked for by a downlink: flag reply
///                        FF u8 u8     a command was carried out: 01 = the totals were set back
///                        others       answers that count nobody
///   3 to 8, 100 to 102                answers that count nobody
///
/// Totals are of 32 bits; a downlink can set them to any value. While it is warming up an occupancy counter
/// states numbers that mean nothing: they have the flag warmup. Nine bytes on port 1 could be anybody's: they
/// are recognised if neither total exceeds 16 million.
///
/// Source: the vendor's decoders and their tests (Terabee/pcl_lora_payload_decoder, pcm_..., poc_...).
class TerabeeUplink final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "terabee-l-xl-m-lorawan"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Terabee People Counting L-XL, M and Occupancy over LoRaWAN";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
