#include "firmware-bridge/decoders/uplinks/milesight_passages.hpp"

#include <utility>

namespace lintel::bridge::decoders {

namespace {

constexpr std::int64_t kTotalWrapsAt = 1 << 16;
constexpr std::uint8_t kThreshold = 1;

std::optional<std::size_t> stored_length(std::string_view head, std::string_view) {
  if (head.back() == 0) return 4;
  if (head.back() == 1) return 8;
  return std::nullopt;
}

constexpr ChannelLayout kFamily[] = {
    {0x04, 0xCC, 4}, {0x05, 0xCC, 4}, {0x84, 0xCC, 5},
    {0x85, 0xCC, 5}, {0x0A, 0xEF, 4}, {0x20, 0xCE, 5, stored_length},
};

constexpr AnswerLayout kAnswers[] = {
    {0x04, 1}, {0x05, 3}, {0x06, 9}, {0x10, 1}, {0x27, 1}, {0x28, 1}, {0x35, 8}, {0x40, 1}, {0x41, 1},
    {0x4A, 1}, {0x68, 1}, {0x69, 1}, {0x6A, 3}, {0x6B, 1}, {0x6D, 1}, {0x75, 6}, {0x77, 2}, {0x84, 1},
    {0x8E, 3}, {0x8F, 2}, {0x96, 8}, {0x97, 1}, {0xA6, 1}, {0xA7, 2}, {0xA8, 1}, {0xA9, 1}, {0xAA, 1},
    {0xAB, 3}, {0xAC, 4}, {0xAD, 1}, {0xBD, 2}, {0xEC, 1}, {0xED, 3}, {0xEF, 3}, {0xFC, 1}, {0xFD, 1},
};
constexpr AnswerLayout kExtended[] = {{0x10, 1}, {0x85, 2}, {0x86, 1}, {0x87, 1}, {0x8B, 1},
                                      {0x8C, 1}, {0x8D, 4}, {0xA2, 1}, {0xA3, 1}};

}  // namespace

Dialect passage_dialect(std::span<const ChannelLayout> channels) {
  return {channels, kFamily, kAnswers, kExtended};
}

void Passages::read(const Channel& channel) {
  ByteReader data = channel.data;
  switch (channel.pair()) {
    case 0x04CC:
    case 0x84CC: return add(Kind::total, data, std::nullopt);
    case 0x05CC:
    case 0x85CC: return add(Kind::interval, data, std::nullopt);
    case 0x0AEF: reported_at_ = data.le32(); return;
    case 0x20CE: {
      const std::uint32_t seconds = data.le32();
      const bool with_total = data.u8() == 1;
      add(Kind::interval, data, seconds);
      if (with_total) add(Kind::total, data, seconds);
      return;
    }
    default: return;
  }
}

void Passages::add(Kind kind, ByteReader& data, std::optional<std::uint32_t> stored) {
  Observation observation;
  observation.kind = kind;
  observation.count_in = data.le16();
  observation.count_out = data.le16();
  if (kind == Kind::total) observation.wraps_at = kTotalWrapsAt;
  if (stored) {
    observation.flags.emplace_back("historical");
    stamp(observation, *stored);
  } else if (data.left() > 0 && data.u8() == kThreshold) {
    observation.flags.emplace_back("threshold_alarm");
  }
  observations_.push_back(std::move(observation));
}

void Passages::finish(const std::string& flag, Decoded& out) {
  for (Observation& observation : observations_) {
    if (reported_at_ && !observation.time) stamp(observation, *reported_at_);
    if (!flag.empty()) observation.flags.push_back(flag);
    out.observations.push_back(std::move(observation));
  }
}

}  // namespace lintel::bridge::decoders
