#include "firmware-bridge/decoders/uplinks/milesight_vs360.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "firmware-bridge/decoders/uplinks/milesight_passages.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::uint16_t kMainBattery = 0x0175;
constexpr std::uint16_t kNodeBattery = 0x0275;
constexpr std::uint16_t kEvent = 0x03F4;

constexpr ChannelLayout kChannels[] = {{0x01, 0x75, 1}, {0x02, 0x75, 1}, {0x03, 0xF4, 2}};
constexpr std::uint16_t kTelling[] = {kNodeBattery, kEvent};

constexpr const char* kFaults[] = {"counts cannot be right", "the unit opposite is silent",
                                   "the units are misaligned"};
constexpr std::size_t kWrongCounts = 0;

void note_battery(ByteReader& data, DeviceReport& report) {
  const auto percent = read_percent(data);
  if (percent && (!report.battery_percent || *percent < *report.battery_percent))
    report.battery_percent = percent;
}

/// Which faults hold after the events of an uplink.
struct Events {
  bool holds[std::size(kFaults)] = {};

  void read(const Channel& channel, Decoded& out) {
    ByteReader data = channel.data;
    const std::size_t what = data.u8();
    const unsigned state = data.u8();
    if (what < std::size(kFaults) && state <= 1) {
      holds[what] = state == 1;
      return;
    }
    out.rejects.push_back(
        {RejectKind::unsupported,
         fmt::format("byte {}: event {} with state {} is not known", channel.offset, what, state)});
  }
};

}  // namespace

bool MilesightVs360::recognises(const Frame& frame) const {
  return any_of(pairs_of(frame.payload, passage_dialect(kChannels)), kTelling);
}

void MilesightVs360::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  const Dialect dialect = passage_dialect(kChannels);
  ChannelWalk walk(frame.payload, dialect, out);
  Passages passages;
  Events events;
  while (auto channel = walk.next()) {
    passages.read(*channel);
    if (channel->pair() == kMainBattery || channel->pair() == kNodeBattery)
      note_battery(channel->data, walk.report());
    if (channel->pair() != kEvent) continue;
    walk.report();  // that everything is over is news, too
    events.read(*channel, out);
  }
  for (std::size_t i = 0; i < std::size(kFaults); ++i)
    if (events.holds[i]) walk.report().faults.emplace_back(kFaults[i]);
  passages.finish(events.holds[kWrongCounts] ? "counter_defect" : "", out);
  walk.finish();
}

}  // namespace lintel::bridge::decoders
