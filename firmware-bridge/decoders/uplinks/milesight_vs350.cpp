#include "firmware-bridge/decoders/uplinks/milesight_vs350.hpp"

#include "firmware-bridge/decoders/uplinks/milesight_passages.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::uint16_t kBattery = 0x0175;

constexpr ChannelLayout kChannels[] = {
    {0x01, 0x75, 1}, {0x03, 0x67, 2}, {0x83, 0x67, 3}, {0x81, 0xEE, 1}, {0xFF, 0xCC, 1},
};

constexpr std::uint16_t kCounts[] = {0x04CC, 0x05CC, 0x84CC, 0x85CC, 0x20CE};
constexpr std::uint16_t kNotOfVs360[] = {0x0367, 0x8367, 0x81EE, 0xFFCC};

}  // namespace

bool MilesightVs350::recognises(const Frame& frame) const {
  const auto pairs = pairs_of(frame.payload, passage_dialect(kChannels));
  return any_of(pairs, kCounts) && any_of(pairs, kNotOfVs360);
}

void MilesightVs350::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  const Dialect dialect = passage_dialect(kChannels);
  ChannelWalk walk(frame.payload, dialect, out);
  Passages passages;
  while (auto channel = walk.next()) {
    passages.read(*channel);
    if (channel->pair() == kBattery) walk.report().battery_percent = read_percent(channel->data);
  }
  passages.finish({}, out);
  walk.finish();
}

}  // namespace lintel::bridge::decoders
