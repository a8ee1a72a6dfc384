#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Yosensi's YO People Counter over LoRaWAN, on any port. Big endian:
///
///   02   u8 u16    version, number of the message, ?
///   then records: what u8, 00, format u8, where the format says so a channel u8, then the value
///   format 00      u8              01  u16
///   format 11      channel, u16    13  channel, i32
///
///   what 60        passages; channel 00 left to right and 01 right to left since the last report (interval),
///                  02 and 03 the same since ever (total), 04 the difference of 02 and 03: flag device_net=N
///   what 08        battery in mV
///   0D, 10, ...    temperature in tenths, humidity in percent, and others: count nobody
///
/// Left to right is taken for in. A record of another format ends what can be read. How wide the device's own
/// sums are is not documented. The number of the message is one byte and comes round after 256: the repeat
/// key therefore holds the counts, too.
///
/// Source: test vectors of a third party's decoder (akenza-io/device-type-library,
/// types/yosensi/YO-PeopleCounter).
class YosensiPeopleCounter final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "yosensi-yo-people-counter"; }
  [[nodiscard]] std::string_view summary() const override { return "Yosensi YO People Counter over LoRaWAN"; }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
