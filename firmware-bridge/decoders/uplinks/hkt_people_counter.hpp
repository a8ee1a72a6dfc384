#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// HKT's infrared people counter over LoRaWAN, on any port. Big endian:
///
///   68 6B 74 00   "hkt" and a zero
///   u8            a number or a kind of message: not documented which, so no mark against repeats
///   then items, a type and its data:
///   01  u8 u8              hardware, software version
///   03  u8                 battery in percent
///   04  u8                 when it reports
///   05  2 bytes            not documented
///   06  u16                after how many passages it reports
///   07  u16 u16 u32 u32    interval: A and B since the last report; total: A and B, of 32 bits
///   83  u8                 infrared: 0 works
///   84  u8                 0 taken down, 1 installed
///   86  2 bytes            not documented
///
/// A and B are the two directions; which is in depends on how it hangs, A is taken. Interval and total need
/// not agree: the total can be set back. An item of another type ends what can be read.
///
/// Source: the test vectors and the order of fields of a third party's decoder
/// (akenza-io/device-type-library, types/hkt/peopleCounter).
class HktPeopleCounter final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "hkt-people-counter"; }
  [[nodiscard]] std::string_view summary() const override {
    return "HKT infrared people counter over LoRaWAN";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
