#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Data push of Xovis PC2 and PC3 sensors, firmware 5: JSON over HTTP or MQTT, one document a message or a
/// list of them. Over plain TCP the sensor sends documents one after the other with nothing between; that is
/// not read here: choose HTTP or MQTT on the sensor.
///
///   logics_data | live_data | status_data | wifi_bt_data | recording_data | connection_test
///     sensor_info/serial_number   identity; older firmware leaves it out, then the link is the identity
///     sensor_info/sw_version      firmware
///   logics_data/logics/N          one line or zone
///     name                        given by the integrator: the line, and the region where people are
///     records/N/from, to          window: Unix milliseconds, Unix seconds, or RFC 3339
///     records/N/samples, samples_expected    fewer than expected: the flag incomplete_window
///     records/N/counts/N/name, value         by name, see below
///   live_data/frames/N            time, tracked_objects (track_id, type), events
///     LINE_CROSS_FORWARD, _BACKWARD          event on the line attributes/geometry_name
///     COUNT_INCREMENT, _DECREMENT, _RESET    attributes logic_name, counter_name, counter_value
///   status_data/states            uptime, firmware and what is not OK
///
/// Counters are known by name: fw, forward, in, enter and bw, backward, reverse, out, exit count the people
/// of a window (in live data: since the last reset, one direction at a time); balance and queue-length are
/// people in a zone at its end. Installers may have typed other names: the settings then say which channel of
/// the line is in and which out, and take the place of the names above. fw-male, bw-mask and the like are
/// parts of fw and bw; visits, outflow and times of stay are notes.
///
/// A group is tracked as one more object that crosses after its people did: only PERSON counts. An event
/// whose object the frame does not list is a person's only where the frame lists nobody else; where nothing
/// tells, it is refused.
///
/// Packages carry rising ids, which are no mark of repetition: history sent again on request gets new ones.
/// Windows tell counts apart, and time, object and line tell crossings. A sensor that pushes live data and
/// logics states the same crossings under two names, the line's and the logic's: switch one of them off.
///
/// Sources: pushes of real sensors published in a device library's tests, the vendor's Sensor V5 API
/// 5.6.2. See tests/corpus/README.md.
class XovisV5 final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "xovis-v5"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Xovis PC2 and PC3 people counters, firmware 5, JSON over HTTP or MQTT";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
