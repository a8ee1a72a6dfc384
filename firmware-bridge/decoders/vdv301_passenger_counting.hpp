#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Passenger counters of vehicles, reused at doors of shops (iris IRMA, DILAX, Xovis): XML over HTTP, sent to
/// a subscriber or polled. Two dialects:
///
///   PassengerCountingService.GetAllDataResponse              IBIS-IP, VDV 301-2-9; values are wrapped
///     AllData                                                in <Value>, with an ErrorCode where they
///       TimeStamp                                            are in doubt
///       CountingData                  one a door             (RetrieveSpecificDoorDataResponse holds
///         DoorID                                             SpecificDoorData with one door)
///         Count                       one a class of objects
///           ObjectClass, In, Out, CountQuality
///
///   PassengerDoorCountDelivery                               ITxPT
///     PassengerDoorCount              one a door
///       RecordedAtTime, DoorId, DoorCountQuality
///       PassengerCounting             one a class of objects
///         ObjectClass, DoorPassengerIn, DoorPassengerOut
///
/// Counts are totals since power-up, by class. People are Adult, Child, WheelChair and Unidentified, which is
/// all that a counter without classes knows; Bike, Pram and Other are none. A door is the sum of its people,
/// or nothing where one of the numbers cannot be read. Quality Defect or Sabotage, or an ErrorCode beside a
/// number, marks the door with the flag counter_defect: whoever counts must not use its numbers. Other
/// answers of the service count nobody. Times mostly come without a zone. No identity is stated.
///
/// Sources: VDV 301 schemas of the PassengerCountingService, versions 1.0 to 2.1, with common structures and
/// enumerations 1.0; Xovis Sensor V5 API 5.6.2 for ITxPT. See tests/corpus/README.md.
class Vdv301PassengerCounting final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "vdv301-itxpt-passenger-counting"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Passenger counters after VDV 301 (IBIS-IP) and ITxPT, XML over HTTP";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
