#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/registry.hpp"

namespace lintel::bridge::decoders::envelopes {

/// What a LoRaWAN network server says of one uplink, whichever server it is.
struct Uplink {
  std::string device;                    ///< identity, as identity_of() gives it
  std::string_view data;                 ///< the payload in base64, as the envelope holds it
  std::optional<std::uint8_t> port;      ///< absent: not stated
  std::optional<std::int64_t> counter;   ///< LoRaWAN frame counter
  std::string mark;                      ///< another mark of the uplink, for where there is no counter
  std::optional<DeviceTime> time;        ///< the server's
  bool time_unreadable = false;          ///< one is stated, and it is no time
  std::optional<int> signal_dbm;         ///< of the gateway that heard it best
  std::vector<std::string_view> models;  ///< what the server calls the kind of device: "Milesight VS133"
};

/// Finds the decoder of what an uplink carries and lets it speak for the device. Which decoder that is, in
/// this order: the one that the installation names for the device (DecodeSettings::payloads); the only one
/// whose name fits what the server calls the device's kind, model number included; the only one that
/// recognises the bytes, among those of the maker that the server names if they are any. Several or none is a
/// reject that names them and the key to set.
///
/// The decoder sees a frame with the payload's bytes and its port, a memory that is always fresh, and of the
/// settings only the lines of this device. What it leaves open is filled in: identity, time, "fcnt=N" as flag
/// and, with the server's time, as repeat key. What it says of the device itself and what the server says
/// come as one report.
class UplinkOpener {
 public:
  /// `registry` may still be added to; it must outlive the opener.
  explicit UplinkOpener(const Registry& registry) : registry_(registry) {}

  /// `place` is where in the envelope the payload stands.
  void open(const Uplink& uplink, const Frame& outer, const DecodeSettings& settings, const Place& place,
            Decoded& out) const;

 private:
  [[nodiscard]] const Decoder* choose(const Uplink& uplink, const Frame& inner,
                                      const DecodeSettings& settings, const Place& place, Decoded& out) const;
  /// The decoders of uplinks that fit one of the models; all of them where no model is stated.
  [[nodiscard]] std::vector<const Decoder*> fitting(const std::vector<std::string_view>& models) const;

  const Registry& registry_;
};

/// A device EUI, given in hex or (ChirpStack's protobuf mapping) in base64, as the identity that the
/// installation uses for it: lower case, unless a sensor is listed under the upper case that is printed on
/// many devices. Nothing where it is no EUI.
std::optional<std::string> identity_of(std::string_view eui, const DecodeSettings& settings);

/// Whether a decoder's name fits a kind of device as people call it: "milesight-vs13x-lorawan" fits
/// "Milesight VS133" (x is any digit) and itself. The maker has to be named, and one of the models, if the
/// name states any.
bool fits_model(std::string_view decoder, std::string_view model);

/// RFC 3339 with up to nanoseconds, rounded to the nearest millisecond.
std::optional<DeviceTime> read_server_time(std::string_view text);

/// The strongest "rssi" in a list of receptions; nothing where none is stated.
std::optional<int> best_rssi(const Json* receptions);

}  // namespace lintel::bridge::decoders::envelopes
