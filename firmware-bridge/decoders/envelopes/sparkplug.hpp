#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders::envelopes {

/// Sparkplug B, the industrial convention for MQTT: spBv1.0/GROUP/TYPE/EDGE[/DEVICE] with a protobuf message
/// of metrics. Identity is EDGE/DEVICE, or EDGE for the node's own metrics.
///
///   NBIRTH, DBIRTH   every metric with name, alias, type and value; connected
///   NDATA, DDATA     the metrics that changed, by alias: what is not there is unchanged, not 0
///   NDEATH           the node's last will, for it and all its devices; DDEATH: one device; disconnected. An
///                    NDEATH whose bdSeq is not that of the last NBIRTH belongs to an older connection
///   NCMD, DCMD, STATE   commands and what hosts say of themselves: nothing to count
///
/// Aliases are remembered in the session's notes (SparkplugBirths), what the metrics mean is
/// SparkplugMeaning's to say. In and out of a line with the same time are one total; a metric's own time goes
/// before the message's. Data whose alias no birth has told is a reject, and Decoded::outbound asks the node
/// for a rebirth. Messages of a node are numbered 0 to 255 over and over; a zero may be left out.
///
/// Flags: `birth`; `partial` (the line has another direction, which did not change); `historical` (kept while
/// the node was offline); `null_value` (the device knows no value); `sequence_gap` (messages before this one
/// are missing); `invalid_timestamp`.
///
/// Sources: Eclipse Sparkplug specification 3.0, sparkplug_b.proto of Eclipse Tahu. See
/// tests/corpus/README.md.
class SparkplugB final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "sparkplug-b"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Sparkplug B edge nodes and devices (Ignition, Tahu and others), protobuf over MQTT";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  /// By topic and syntax: births and data of anything, people counted or not.
  [[nodiscard]] bool recognises(const Frame& frame) const override;
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders::envelopes
