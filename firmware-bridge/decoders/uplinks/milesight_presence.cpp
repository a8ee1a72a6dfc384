#include "firmware-bridge/decoders/uplinks/milesight_presence.hpp"

#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/uplinks/milesight_channels.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr ChannelLayout kChannels[] = {
    {0x01, 0x75, 1}, {0x02, 0x82, 2}, {0x03, 0x8E, 1}, {0x04, 0x8E, 1}, {0x03, 0x00, 1}, {0x04, 0x00, 1},
};
constexpr Dialect kDialect{kChannels};
constexpr std::uint16_t kTelling[] = {0x038E};

class Uplink {
 public:
  Uplink(ChannelWalk& walk, Decoded& out) : walk_(walk), out_(out) {}

  void read(Channel channel) {
    ByteReader& data = channel.data;
    switch (channel.pair()) {
      case 0x0175: walk_.report().battery_percent = read_percent(data); break;
      case 0x038E:
      case 0x0300: read_presence(channel); break;
      case 0x048E: note_calibration(data.u8() == 0); break;
      case 0x0400: light_ = data.u8(); break;
      default: break;  // the distance tells nothing that 03 8E does not
    }
  }

  void finish() {
    if (!presence_) return;
    if (light_ == 0) presence_->flags.emplace_back("dim");
    if (light_ == 1) presence_->flags.emplace_back("bright");
    out_.observations.push_back(std::move(*presence_));
  }

 private:
  void read_presence(Channel& channel) {
    const unsigned state = channel.data.u8();
    if (state > 1) {
      out_.rejects.push_back(
          {RejectKind::sanity,
           fmt::format("byte {}: {} is neither vacant (0) nor occupied (1)", channel.offset, state)});
      return;
    }
    presence_.emplace();
    presence_->kind = Kind::presence;
    presence_->flags.emplace_back(state == 1 ? "occupied" : "vacant");
  }

  void note_calibration(bool failed) {
    if (failed) walk_.report().faults.emplace_back("calibration failed");
  }

  ChannelWalk& walk_;
  Decoded& out_;
  std::optional<Observation> presence_;
  std::optional<std::uint8_t> light_;
};

}  // namespace

bool MilesightPresence::recognises(const Frame& frame) const {
  return any_of(pairs_of(frame.payload, kDialect), kTelling);
}

void MilesightPresence::decode(const Frame& frame, const DecodeSettings&, DecodeSession&,
                               Decoded& out) const {
  ChannelWalk walk(frame.payload, kDialect, out);
  Uplink uplink(walk, out);
  while (const auto channel = walk.next()) uplink.read(*channel);
  uplink.finish();
  walk.finish();
}

}  // namespace lintel::bridge::decoders
