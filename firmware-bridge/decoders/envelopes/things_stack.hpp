#pragma once

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/envelopes/uplink.hpp"

namespace lintel::bridge::decoders::envelopes {

/// Upstream messages of The Things Stack v3, over MQTT (v3/APPLICATION@TENANT/devices/DEVICE/up) or as a
/// webhook, which delivers the same document.
///
///   /end_device_ids/dev_eui               identity; of a device without one its device_id
///   /uplink_message/frm_payload           base64
///   /uplink_message/f_port, f_cnt         absent means 0, as of every number the stack defines
///   /uplink_message/received_at           time: when the network server had it. rx_metadata/N/time is a
///                                         gateway's clock and may be wrong; timestamp is a tick counter
///   /uplink_message/rx_metadata/N/rssi    one per gateway that heard the uplink
///   /uplink_message/version_ids           maker and model, where the device was made from the repository
///   /uplink_message/simulated             true: somebody typed it into the console; it counts nobody
///
/// join_accept, downlink_*, location_solved, service_data and uplink_normalized (the same uplink once more)
/// count nobody. decoded_payload is what a formatter of the operator's made of the payload, in names of his
/// own: it is not read.
///
/// Source: The Things Stack documentation, "MQTT Server" and "Data Formats". See tests/corpus/README.md.
class ThingsStack final : public Decoder {
 public:
  explicit ThingsStack(const Registry& registry) : opener_(registry) {}

  [[nodiscard]] std::string_view name() const override { return "envelope-tts-v3"; }
  [[nodiscard]] std::string_view summary() const override {
    return "LoRaWAN devices behind The Things Stack v3 (The Things Network), MQTT or webhook";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  /// True for every upstream message of a device, whatever it carries.
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;

 private:
  UplinkOpener opener_;
};

}  // namespace lintel::bridge::decoders::envelopes
