#include "firmware-bridge/decoders/uplinks/lorawan_motion.hpp"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr unsigned kPortBrowan = 102;
constexpr unsigned kPortTektelic = 10;
constexpr std::size_t kBrowanLength = 8;
constexpr std::size_t kPipiotLength = 12;
constexpr std::size_t kTektelicChannel = 3;
constexpr std::string_view kTektelicMotion{"\x0A\x00", 2};
constexpr unsigned kSomebody = 0xFF;

enum class Device { browan, tektelic, pipiot, unknown };

Device device_of(const Frame& frame) {
  if (frame.port == kPortBrowan) return Device::browan;
  if (frame.port == kPortTektelic) return Device::tektelic;
  if (frame.payload.size() == kPipiotLength) return Device::pipiot;
  return Device::unknown;
}

void refuse(RejectKind kind, std::string what, Decoded& out) {
  out.rejects.push_back({kind, std::move(what)});
}

Observation presence(bool somebody) {
  Observation observation;
  observation.kind = Kind::presence;
  observation.flags.emplace_back(somebody ? "occupied" : "vacant");
  return observation;
}

void decode_browan(std::string_view payload, Decoded& out) {
  if (payload.size() != kBrowanLength)
    return refuse(RejectKind::length, fmt::format("{} bytes; Browan sends 8", payload.size()), out);
  ByteReader data(payload);
  Observation motion = presence((data.u8() & 1) != 0);
  DeviceReport report;
  report.battery_mv = (25 + (data.u8() & 0x0F)) * 100;
  data.u8();  // temperature
  const unsigned minutes = data.le16();
  motion.flags.push_back(fmt::format("motion_total={}", data.le24()));
  motion.flags.push_back(fmt::format("minutes_since_last_motion={}", minutes));
  out.observations.push_back(std::move(motion));
  out.reports.push_back(std::move(report));
}

void decode_tektelic(std::string_view payload, Decoded& out) {
  std::size_t offset = 0;
  for (; payload.size() - offset >= kTektelicChannel; offset += kTektelicChannel) {
    const std::string_view channel = payload.substr(offset);
    const auto state = static_cast<unsigned char>(channel[2]);
    if (!channel.starts_with(kTektelicMotion)) {
      return refuse(
          RejectKind::unsupported,
          fmt::format("byte {}: a channel other than 0A 00, so nothing from there on can be read", offset),
          out);
    }
    if (state != 0 && state != kSomebody)
      return refuse(
          RejectKind::sanity,
          fmt::format("byte {}: {:02X} is neither nobody (00) nor somebody (FF)", offset + 2, state), out);
    out.observations.push_back(presence(state == kSomebody));
  }
  if (offset < payload.size() || payload.empty())
    refuse(RejectKind::length, fmt::format("byte {}: a channel is cut off", offset), out);
}

void decode_pipiot(std::string_view payload, Decoded& out) {
  ByteReader data(payload);
  data.be16();
  Observation level;
  level.kind = Kind::level;
  level.occupancy = data.be16();
  level.flags.emplace_back("estimate");
  out.observations.push_back(std::move(level));
}

}  // namespace

bool LorawanMotion::recognises(const Frame& frame) const {
  if (frame.port == kPortBrowan)
    return frame.payload.size() == kBrowanLength && static_cast<unsigned char>(frame.payload[0]) <= 1;
  if (frame.port != kPortTektelic) return false;
  Decoded decoded;
  decode_tektelic(frame.payload, decoded);
  return decoded.rejects.empty();
}

void LorawanMotion::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  constexpr std::size_t kMostBytes = 242;  // that one LoRaWAN uplink can carry
  if (frame.payload.size() > kMostBytes)
    return refuse(RejectKind::length,
                  fmt::format("{} bytes are too long for an uplink", frame.payload.size()), out);
  switch (device_of(frame)) {
    case Device::browan: return decode_browan(frame.payload, out);
    case Device::tektelic: return decode_tektelic(frame.payload, out);
    case Device::pipiot: return decode_pipiot(frame.payload, out);
    case Device::unknown: break;
  }
  refuse(frame.payload.empty() ? RejectKind::length : RejectKind::unsupported,
         fmt::format("{} bytes on port {}; expected Browan (port 102, 8 bytes), Tektelic (port 10) or Pipiot "
                     "(12 bytes)",
                     frame.payload.size(), frame.port ? std::to_string(*frame.port) : "unknown"),
         out);
}

}  // namespace lintel::bridge::decoders
