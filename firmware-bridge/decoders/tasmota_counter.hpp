#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Pulse counters of the Tasmota firmware: light barriers and turnstiles on `Counter` inputs.
///
/// Over MQTT, the topic being %prefix%/%topic%/ or %topic%/%prefix%/ and then
///   SENSOR               {"Time":"2021-12-31T09:44:59","COUNTER":{"C1":1204,"C2":1198}, ...}
///                        {"Time":"...","Counter1":0,"Counter3":0} before version 5.14
///   STATUS8, STATUS10    the same below "StatusSNS", the answer to the command Status
///   STATE                "UptimeSec": seconds since the device started
///   LWT                  Online or Offline: the connection, as kept by the broker
/// Over a serial console, where every message is logged as a line; other lines are passed over:
///   09:16:59 MQT: tele/water_out/SENSOR = {...}
///   09:16:59.123 MQT: tele/water_out/LWT = Online (retained)
///   12:52:46.234 RSL: SENSOR = {...}            with MQTT switched off: no topic, no identity
/// A bare JSON text without a topic is read as SENSOR or STATUS8 of a device without identity.
///
/// Counters are 32-bit totals. They have no direction: which is in and which out is wiring, taken from the
/// settings; a channel that no line claims is reported as in, with the flag no_direction. CounterType 1
/// turns a channel into a pulse length, printed with decimals: a reject, not a count. Time is local
/// without a zone unless the device is told otherwise, and 1970 until it knows better.
///
/// Sources: Tasmota's documentation (MQTT, Commands, Console), console lines published by users. See
/// tests/corpus/README.md.
class TasmotaCounter final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "tasmota-counter"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Tasmota pulse counters (light barriers, turnstiles), MQTT or serial console";
  }
  [[nodiscard]] Framing framing() const override { return Framing::lines; }
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
