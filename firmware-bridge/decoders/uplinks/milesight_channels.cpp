#include "firmware-bridge/decoders/uplinks/milesight_channels.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kPairLength = 2;
constexpr std::size_t kMostBytes = 242;  // of application data in one LoRaWAN uplink
constexpr std::uint32_t kSecondsPerYear = 31'536'000;
constexpr std::uint8_t kAttribute = 0xFF;
constexpr std::uint8_t kAnswer = 0xFE;
constexpr std::uint8_t kAnswerWithResult = 0xF8;
constexpr std::uint8_t kExtendedAnswer = 0xF9;

constexpr ChannelLayout kAttributes[] = {
    {kAttribute, 0x01, 1}, {kAttribute, 0x09, 2}, {kAttribute, 0x0A, 2},
    {kAttribute, 0x0B, 1}, {kAttribute, 0x0F, 1}, {kAttribute, 0x16, 8},
    {kAttribute, 0x1F, 4}, {kAttribute, 0xFE, 1}, {kAttribute, 0xFF, 2},
};

const ChannelLayout* find(std::span<const ChannelLayout> layouts, const Channel& channel) {
  const auto* const end = layouts.data() + layouts.size();
  const auto* const found = std::find_if(layouts.data(), end, [&](const ChannelLayout& layout) {
    return layout.channel == channel.channel && layout.type == channel.type;
  });
  return found == end ? nullptr : found;
}

std::optional<std::size_t> answer_length(std::span<const AnswerLayout> answers, std::uint8_t type) {
  for (const AnswerLayout& answer : answers)
    if (answer.type == type) return answer.length;
  return std::nullopt;
}

}  // namespace

ChannelWalk::ChannelWalk(std::string_view payload, const Dialect& dialect, Decoded& out)
    : payload_(payload), dialect_(dialect), out_(out) {
  if (!payload.empty() && payload.size() <= kMostBytes) return;
  stop(RejectKind::length, payload.empty() ? "the uplink is empty"
                                           : fmt::format("an uplink of {} bytes: LoRaWAN carries at most {}",
                                                         payload.size(), kMostBytes));
}

std::optional<Channel> ChannelWalk::next() {
  while (auto found = read()) {
    if (found->own) return found->channel;
    note(found->channel);
  }
  return std::nullopt;
}

std::optional<ChannelWalk::Found> ChannelWalk::read() {
  if (offset_ == payload_.size()) return std::nullopt;
  if (payload_.size() - offset_ < kPairLength)
    return stop(RejectKind::length, fmt::format("byte {}: a channel without its type", offset_));
  Found found;
  Channel& channel = found.channel;
  channel.offset = offset_;
  channel.channel = static_cast<std::uint8_t>(payload_[offset_]);
  channel.type = static_cast<std::uint8_t>(payload_[offset_ + 1]);
  const std::string_view after = payload_.substr(offset_ + kPairLength);
  const auto length = length_of(channel, after, found.own);
  if (!length) {
    return stop(RejectKind::unsupported,
                fmt::format("byte {}: channel {:02X} of type {:02X} is not known, so nothing from there on "
                            "can be read",
                            offset_, channel.channel, channel.type));
  }
  if (*length > after.size()) {
    return stop(RejectKind::length,
                fmt::format("byte {}: channel {:02X} of type {:02X} has {} bytes of data, here are {}",
                            offset_, channel.channel, channel.type, *length, after.size()));
  }
  channel.data = ByteReader(after.substr(0, *length));
  offset_ += kPairLength + *length;
  return found;
}

std::optional<std::size_t> ChannelWalk::length_of(const Channel& channel, std::string_view after,
                                                  bool& own) const {
  const ChannelLayout* layout = find(dialect_.channels, channel);
  if (layout == nullptr) layout = find(dialect_.family, channel);
  own = layout != nullptr;
  if (layout == nullptr) layout = find(kAttributes, channel);
  if (layout != nullptr) {
    if (layout->rest == nullptr || after.size() < layout->length) return layout->length;
    const auto rest = layout->rest(after.substr(0, layout->length), after.substr(layout->length));
    return rest ? std::optional(layout->length + *rest) : std::nullopt;
  }
  if (channel.channel == kAnswer || channel.channel == kAttribute)
    return answer_length(dialect_.answers, channel.type);
  if (channel.channel != kAnswerWithResult && channel.channel != kExtendedAnswer) return std::nullopt;
  const auto length = answer_length(dialect_.extended, channel.type);
  if (!length || channel.channel == kExtendedAnswer) return length;
  return *length + 1;
}

void ChannelWalk::note(Channel channel) {
  if (channel.channel != kAttribute) return;
  ByteReader& data = channel.data;
  if (channel.type == 0x0A) {
    const unsigned major = data.u8();
    report().firmware = fmt::format("{:x}.{:x}", major, data.u8());
  } else if (channel.type == 0x1F) {
    const unsigned model = data.u8();
    const unsigned major = data.u8();
    const unsigned minor = data.u8();
    report().firmware = fmt::format("{}.{}.{}.{}", model, major, minor, data.u8());
  }
}

DeviceReport& ChannelWalk::report() {
  reported_ = true;
  return report_;
}

void ChannelWalk::finish() {
  if (reported_) out_.reports.push_back(std::move(report_));
}

std::nullopt_t ChannelWalk::stop(RejectKind kind, std::string message) {
  out_.rejects.push_back({kind, std::move(message)});
  offset_ = payload_.size();
  return std::nullopt;
}

std::optional<int> read_percent(ByteReader& data) {
  const int percent = data.u8();
  return percent <= 100 ? std::optional(percent) : std::nullopt;
}

std::vector<std::uint16_t> pairs_of(std::string_view payload, const Dialect& dialect) {
  Decoded scratch;
  ChannelWalk walk(payload, dialect, scratch);
  std::vector<std::uint16_t> pairs;
  while (const auto channel = walk.next()) pairs.push_back(channel->pair());
  if (!scratch.rejects.empty()) pairs.clear();
  return pairs;
}

bool any_of(const std::vector<std::uint16_t>& pairs, std::span<const std::uint16_t> telling) {
  return std::any_of(pairs.begin(), pairs.end(), [&](std::uint16_t pair) {
    return std::find(telling.begin(), telling.end(), pair) != telling.end();
  });
}

void stamp(Observation& observation, std::uint32_t seconds) {
  observation.time = DeviceTime{utc_ms(std::int64_t{seconds} * 1000), false};
  observation.repeat_key = fmt::format("{}@{}", to_string(observation.kind), seconds);
  if (seconds < kSecondsPerYear) {
    observation.flags.emplace_back("device_clock_unset");
    observation.repeat_key.clear();  // many reports share the instant of a clock that was never set
  }
}

}  // namespace lintel::bridge::decoders
