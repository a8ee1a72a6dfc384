#pragma once

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/envelopes/uplink.hpp"

namespace lintel::bridge::decoders::envelopes {

/// Events of the ChirpStack LoRaWAN network server, over MQTT or its HTTP integration. Three spellings:
///
///                    v3 "JSON"            v3 "Protobuf JSON"    v4
///   device           /devEUI, hex         /devEUI, base64       /deviceInfo/devEui, hex
///   payload          /data, base64        /data, base64         /data, base64
///   port, counter    /fPort, /fCnt        /fPort, /fCnt         /fPort, /fCnt
///   time             /rxInfo/N/time       /rxInfo/N/time        /time
///   signal           /rxInfo/N/rssi       /rxInfo/N/rssi        /rxInfo/N/rssi
///   kind of device   /deviceProfileName, /tags/model            the same below /deviceInfo
///
/// The topic ends in the event (application/ID/device/EUI/event/up); an HTTP integration states it as
/// ?event=up; otherwise the document's own members tell. Only `up` (v3 also `rx`) carries data. `status`
/// gives battery and link margin. join, ack, txack, log, error, location, integration and commands to the
/// device count nobody. rxInfo has one entry per gateway that heard the uplink, which is one uplink all the
/// same. `object` is what a codec of the operator's made of the payload, in names of his own: it is not read.
/// Zeros may be left out: an uplink without fCnt is told from others by its deduplicationId.
///
/// Binary protobuf, which ChirpStack sends where it is so configured, is refused with what to change.
///
/// Sources: ChirpStack documentation, "Event types" and "MQTT" (v4); ChirpStack Application Server
/// documentation, "Sending and receiving data" (v3), and its integration models. See tests/corpus/README.md.
class ChirpStack final : public Decoder {
 public:
  explicit ChirpStack(const Registry& registry) : opener_(registry) {}

  [[nodiscard]] std::string_view name() const override { return "envelope-chirpstack"; }
  [[nodiscard]] std::string_view summary() const override {
    return "LoRaWAN devices behind ChirpStack v3 or v4, JSON over MQTT or HTTP";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  /// True for every event of a device, whatever it carries.
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;

 private:
  UplinkOpener opener_;
};

}  // namespace lintel::bridge::decoders::envelopes
