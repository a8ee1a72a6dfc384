#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// LoRaWAN sensors that notice people without counting who passes: they say that somebody is there, or guess
/// how many are near. None of their numbers is a count of passages.
///
///   port 102, 8 bytes, Browan TBMS100, little endian
///     u8     bit 0: motion
///     u8     low half: battery, 2.5 V and so many tenths
///     u8     temperature
///     u16    minutes since the last motion
///     u24    how often there was motion since power-up, which is no number of people: flag motion_total=N
///   port 10, Tektelic smart room sensors, channels: id u8, type u8, data
///     0A 00  u8    00 nobody, FF somebody; other channels are not documented and end what can be read
///   any other port, 12 bytes, Pipiot peopleSense, big endian
///     2 bytes      ?
///     u16          level: devices seen by radio, taken for people: flag estimate
///     8 bytes      how strong they were
///
/// Browan and Tektelic are told by their ports. Pipiot's payload has nothing by which it could be known but
/// its length: it is read on other ports, and without one, but never recognised.
///
/// Source: test vectors of a third party's decoders (akenza-io/device-type-library, types/browan/TBMS100,
/// tektelic/smartRoomPIRV3_1, pipiot/peopleSense); Browan's battery from public decoders.
class LorawanMotion final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "lorawan-motion-counters"; }
  [[nodiscard]] std::string_view summary() const override {
    return "LoRaWAN motion and crowd sensors (Browan, Tektelic, Pipiot), which count nobody";
  }
  [[nodiscard]] Framing framing() const override { return Framing::uplink; }
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
