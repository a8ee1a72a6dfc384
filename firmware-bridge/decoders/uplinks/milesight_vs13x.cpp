#include "firmware-bridge/decoders/uplinks/milesight_vs13x.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "firmware-bridge/decoders/uplinks/milesight_channels.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::uint8_t kTotal = 0xD2;
constexpr std::uint8_t kPeriod = 0xCC;
constexpr std::uint8_t kRegions = 0xE3;
constexpr std::uint8_t kDwell = 0xE4;
constexpr std::uint8_t kCovered = 0xFC;
constexpr std::uint8_t kStored = 0xCE;
constexpr std::uint8_t kFirstLine = 0x03;
constexpr std::uint8_t kRegionChannel = 0x0F;
constexpr std::uint8_t kChildren = 0x0E;  // between a channel and that of its children
constexpr int kLines = 4;
constexpr std::int64_t kTotalWrapsAt = std::int64_t{1} << 32;

bool is_line(unsigned channel) {
  return channel >= kFirstLine && channel < kFirstLine + 3U * kLines;
}

/// Bytes behind time and channel of a stored record.
std::optional<std::size_t> stored_length(std::string_view head, std::string_view) {
  const auto channel = static_cast<unsigned char>(head.back());
  if (channel == 0x10 || channel == 0x1E || channel == 0x20 || channel == 0x3C) return 3;
  if (channel >= kFirstLine && channel <= kRegionChannel + kChildren) return 4;
  return std::nullopt;
}

constexpr ChannelLayout kChannels[] = {
    {0x03, kTotal, 4},   {0x04, kTotal, 4},   {0x05, kPeriod, 4},
    {0x06, kTotal, 4},   {0x07, kTotal, 4},   {0x08, kPeriod, 4},
    {0x09, kTotal, 4},   {0x0A, kTotal, 4},   {0x0B, kPeriod, 4},
    {0x0C, kTotal, 4},   {0x0D, kTotal, 4},   {0x0E, kPeriod, 4},
    {0x11, kTotal, 4},   {0x12, kTotal, 4},   {0x13, kPeriod, 4},
    {0x14, kTotal, 4},   {0x15, kTotal, 4},   {0x16, kPeriod, 4},
    {0x17, kTotal, 4},   {0x18, kTotal, 4},   {0x19, kPeriod, 4},
    {0x1A, kTotal, 4},   {0x1B, kTotal, 4},   {0x1C, kPeriod, 4},
    {0x0F, kRegions, 4}, {0x1D, kRegions, 4}, {0x10, kDwell, 5},
    {0x1E, kDwell, 5},   {0x50, kCovered, 3}, {0x20, kStored, 5, stored_length},
};

constexpr AnswerLayout kAnswers[] = {
    {0x03, 2}, {0x04, 1}, {0x10, 1}, {0x11, 4}, {0x27, 1}, {0x40, 1}, {0x42, 1},
    {0x43, 1}, {0x44, 1}, {0x51, 1}, {0x68, 1}, {0x69, 1}, {0x6A, 3}, {0x6D, 1},
};
constexpr AnswerLayout kExtended[] = {{0x84, 3}, {0x85, 2}, {0x86, 1}, {0x87, 1}, {0x88, 2}};

constexpr Dialect kDialect{kChannels, {}, kAnswers, kExtended};

/// All but line 1's interval, which VS121, VS350 and VS360 send too.
constexpr std::uint16_t kTelling[] = {
    0x03D2, 0x04D2, 0x06D2, 0x07D2, 0x08CC, 0x09D2, 0x0AD2, 0x0BCC, 0x0CD2, 0x0DD2, 0x0ECC, 0x0FE3,
    0x10E4, 0x11D2, 0x12D2, 0x13CC, 0x14D2, 0x15D2, 0x16CC, 0x17D2, 0x18D2, 0x19CC, 0x1AD2, 0x1BD2,
};

/// A line at one instant, put together from channels that each state a part.
struct Line {
  Observation observation;
  std::optional<std::uint32_t> stored;  ///< second of a record; absent: now
  std::optional<std::int64_t> children_in;
  std::optional<std::int64_t> children_out;
};

class Uplink {
 public:
  explicit Uplink(Decoded& out) : out_(out) {}

  void read(Channel channel, ChannelWalk& walk) {
    ByteReader& data = channel.data;
    if (channel.type == kCovered) {
      report_cover(data, walk.report());
    } else if (channel.type == kStored) {
      const std::uint32_t seconds = data.le32();
      read_counts(data.u8(), data, seconds);
    } else if (channel.type != kDwell) {
      read_counts(channel.channel, data, std::nullopt);
    }
  }

  void finish() {
    for (Line& line : lines_) {
      Observation& observation = line.observation;
      if (line.children_in) observation.flags.push_back(fmt::format("children_in={}", *line.children_in));
      if (line.children_out) observation.flags.push_back(fmt::format("children_out={}", *line.children_out));
      // Children without the count they are part of say nothing about how many people passed.
      if (!observation.count_in && !observation.count_out && !observation.occupancy) continue;
      out_.observations.push_back(std::move(observation));
    }
  }

 private:
  using Stored = std::optional<std::uint32_t>;

  void read_counts(unsigned channel, ByteReader& data, Stored stored) {
    const bool children = channel > kRegionChannel + 1U;
    const unsigned own = children ? channel - kChildren : channel;
    if (own == kRegionChannel && !children) return read_regions(data, stored);
    if (!is_line(own)) return;
    const unsigned part = (own - kFirstLine) % 3;
    const std::string name = std::to_string((own - kFirstLine) / 3 + 1);
    const Kind kind = part == 2 ? Kind::interval : Kind::total;
    const auto in = kind == Kind::interval ? data.le16() : part == 0 ? data.le32() : Count{};
    const auto out = kind == Kind::interval ? data.le16() : part == 1 ? data.le32() : Count{};
    put(kind, name, stored, children, in, out);
  }

  using Count = std::optional<std::int64_t>;

  void put(Kind kind, const std::string& name, Stored stored, bool children, Count in, Count out) {
    for (Line& line : lines_) {
      const Observation& o = line.observation;
      if (o.kind != kind || o.line != name || line.stored != stored) continue;
      if (fill(line, children, in, out)) return;
    }
    fill(begin(kind, name, stored), children, in, out);
  }

  /// False where that has been stated already: a second statement is one of its own.
  static bool fill(Line& line, bool children, Count in, Count out) {
    Count& to_in = children ? line.children_in : line.observation.count_in;
    Count& to_out = children ? line.children_out : line.observation.count_out;
    if ((in && to_in) || (out && to_out)) return false;
    if (in) to_in = in;
    if (out) to_out = out;
    return true;
  }

  void read_regions(ByteReader& data, Stored stored) {
    for (int region = 1; region <= kLines; ++region) {
      Line& level = begin(Kind::level, {}, stored);
      level.observation.region = std::to_string(region);
      level.observation.occupancy = data.u8();
    }
  }

  Line& begin(Kind kind, std::string name, Stored stored) {
    Line line;
    line.observation.kind = kind;
    line.observation.line = std::move(name);
    line.stored = stored;
    if (kind == Kind::total) line.observation.wraps_at = kTotalWrapsAt;
    if (stored) {
      line.observation.flags.emplace_back("historical");
      stamp(line.observation, *stored);
    }
    lines_.push_back(std::move(line));
    return lines_.back();
  }

  static void report_cover(ByteReader& data, DeviceReport& report) {
    data.u8();
    const unsigned device = data.u8();
    const bool covered = data.u8() == 1;
    if (device == 0) report.tampered = covered;
    if (covered)
      report.faults.push_back(device == 0 ? "lens covered" : fmt::format("lens of node {} covered", device));
  }

  Decoded& out_;
  std::vector<Line> lines_;
};

}  // namespace

bool MilesightVs13x::recognises(const Frame& frame) const {
  return any_of(pairs_of(frame.payload, kDialect), kTelling);
}

void MilesightVs13x::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  ChannelWalk walk(frame.payload, kDialect, out);
  Uplink uplink(out);
  while (const auto channel = walk.next()) uplink.read(*channel, walk);
  uplink.finish();
  walk.finish();
}

}  // namespace lintel::bridge::decoders
