#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// IMBUILDINGS People Counter and Verticount, over LoRaWAN and NB-IoT. Big endian:
///
///   02, variant u8, device id (8 bytes over LoRaWAN, 6 over NB-IoT), status u8, battery u16 in 10 mV, then
///   variant  bytes
///   5          19   A u16, B u16, sensor u8, number u8                             LoRaWAN
///   6          23   A u16, B u16, sensor u8, total A u16, total B u16, number u8   LoRaWAN
///   7          18   sensor u8, total A u16, total B u16                            LoRaWAN
///   4          24   RSSI i8, time 7 bytes, A u16, B u16, sensor u8                 NB-IoT
///   3          17   RSSI i8, A u16, B u16, sensor u8                               NB-IoT
///   2          15   RSSI i8, A u8, B u8, sensor u8                                 NB-IoT
///
///   A, B       interval: the two directions since the last report; A is taken for in, though that depends on
///              how it hangs
///   total      total: the same since ever, of 16 bits
///   number     of the payload, one byte: flag seq=N. It comes round after 256, so that the repeat key holds
///              the counts, too. A gap in it means that intervals are lost; the totals still have them.
///   sensor     bit 5: battery of the receiver is low: flag receiver_low_battery
///   time       20 23 02 03 10 35 00 is 2023-02-03 10:35:00 in decimal digits, in UTC, as a comparison with
///              the time of the network shows
///
/// On port 26 and port 27 variants 6 and 7 come without their first ten bytes, and so without identity. A
/// payload of another length than its variant has is refused.
///
/// NB-IoT payloads are read as the JSON of a device server, too: /reports/N/value holds one in hex each;
/// several are a batch.
///
/// Source: the vendor's decoder 1.1 in TheThingsNetwork/lorawan-devices (vendor/imbuildings); for the status
/// bits and NB-IoT the vectors in akenza-io/device-type-library (types/IMBuildings).
class ImbuildingsPeopleCounter final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "imbuildings-people-counter"; }
  [[nodiscard]] std::string_view summary() const override {
    return "IMBUILDINGS People Counter and Verticount over LoRaWAN and NB-IoT";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
