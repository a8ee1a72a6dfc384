#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Irisys Vector 4D counters. The same registers are told in two ways, which are not to be added:
///
///   MQTT counts    [{"register": "MainEntranceIn", "value": 1, "t": "2019-02-01T12:30:00+0000"}, ...]
///                  event: changes since the last message; [] is the heartbeat of a quiet period. After an
///                  outage old changes follow, oldest first.
///   HTTP POST      {"FriendlyDeviceSerial": ..., "CountLogs": [{"LogEntryId", "Timestamp",
///                  "Counts": [{"Name", "RegisterId", "Value"}]}]}
///                  total: never reset but by loss of power or command; what was not acknowledged comes again
///   MQTT status    {"status": "connected"}, or "disconnected" as last will
///   MQTT targets   binary, little endian, 15 messages a second: level
///                    0   u8   0: no time, 1: with time; other types are passed over
///                    1   u64  Unix milliseconds, only in type 1
///                    ... 15 bytes a target: u16 id, u8 status (0x20: staff lanyard), f32 x, y, height in m
///
/// Over MQTT the identity is in the topic: the level before counts, status or targets, as in
/// irisys/V4D-17020025/counts. Over HTTP the payload states it.
///
/// A register has the name that the installer typed. Where the installation maps channels, those are in and
/// out and all others are nothing. Otherwise names that end in In or Out are a side of the line before;
/// "Line 1" and the like, as the device names lines itself, are in with the flag no_direction; registers of
/// zones, dwell times and excluded lines count nobody; any other name is refused until it is mapped.
///
/// Times that cannot be (the vendor's own sample has a 91st of February) leave a count to its arrival, with
/// the flag invalid_timestamp. Of the targets only what changed is reported, and once a minute what did not.
///
/// Sources: Irisys MQTT Specification, version 3, of 2019-08-14; the vendor's HTTP post sample of 2018 and
/// programming guide. See tests/corpus/README.md.
class IrisysVector final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "irisys-vector"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Irisys Vector 4D counters, JSON over MQTT or HTTP, targets over MQTT";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  /// Never from targets alone: any few bytes could be some.
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
