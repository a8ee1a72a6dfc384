#include "firmware-bridge/decoders/uplinks/milesight_vs121.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "firmware-bridge/decoders/uplinks/milesight_channels.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::int64_t kTotalWrapsAt = 1 << 16;
constexpr unsigned kMostRegions = 16;
constexpr char kNextChannel = '\xFF';

std::optional<std::size_t> serial_rest(std::string_view, std::string_view after) {
  const bool ends = after.empty() || after.front() == kNextChannel;
  const bool ends_later = after.size() == 2 || (after.size() > 2 && after[2] == kNextChannel);
  return !ends && ends_later ? 2 : 0;
}

std::optional<std::size_t> stored_length(std::string_view head, std::string_view) {
  const auto what = static_cast<unsigned char>(head.back());
  if (what == 0x03) return 1;
  if (what == 0x11) return 5;
  if (what >= 0x01 && what <= 0x12) return 4;
  return std::nullopt;
}

constexpr ChannelLayout kChannels[] = {
    {0x04, 0xC9, 4},
    {0x05, 0xCC, 4},
    {0x06, 0xCD, 1},
    {0x07, 0xD5, 8},
    {0x08, 0xD5, 8},
    {0x09, 0xDA, 8},
    {0x0A, 0xDA, 8},
    {0x0B, 0xDA, 8},
    {0x0C, 0xDA, 8},
    {0x0D, 0xCC, 4},
    {0x0E, 0xE4, 5},
    {0x0F, 0x85, 4},
    {0x10, 0xF7, 4},
    {0x20, 0xCE, 5, stored_length},
    {0xFF, 0x08, 6, serial_rest},
};

constexpr AnswerLayout kAnswers[] = {
    {0x03, 3}, {0x04, 1}, {0x05, 3}, {0x10, 1}, {0x11, 4}, {0x35, 8}, {0x40, 1},
    {0x41, 1}, {0x42, 1}, {0x43, 1}, {0x44, 1}, {0x45, 1}, {0x46, 3}, {0x48, 1},
    {0x50, 1}, {0x51, 1}, {0x69, 1}, {0x6A, 3}, {0x84, 1},
};
constexpr AnswerLayout kExtended[] = {
    {0x10, 1}, {0x11, 1}, {0x3D, 1}, {0x85, 2}, {0x86, 1}, {0x87, 1}, {0x88, 2}, {0x89, 2},
    {0x8B, 1}, {0x8C, 1}, {0x8D, 4}, {0x8E, 4}, {0x90, 6}, {0x91, 5}, {0x92, 3}, {0x93, 1},
    {0x94, 1}, {0x95, 6}, {0x96, 3}, {0x97, 2}, {0x98, 1}, {0x99, 7}, {0xB7, 3}, {0xBA, 1},
    {0xCD, 1}, {0xCF, 1}, {0xD0, 1}, {0xD1, 1}, {0xD2, 1}, {0xD3, 1}, {0xD4, 1}, {0xD5, 2},
    {0xD6, 4}, {0xD7, 7}, {0xD8, 1}, {0xDC, 1}, {0xDD, 1},
};

constexpr Dialect kDialect{kChannels, {}, kAnswers, kExtended};

constexpr std::uint16_t kTelling[] = {0x04C9, 0x06CD, 0x07D5, 0x08D5, 0x09DA, 0x0ADA,
                                      0x0BDA, 0x0CDA, 0x0DCC, 0x0EE4, 0x0F85, 0x10F7};

using Stored = std::optional<std::uint32_t>;

class Uplink {
 public:
  explicit Uplink(Decoded& out) : out_(out) {}

  void read(Channel channel) {
    ByteReader& data = channel.data;
    offset_ = channel.offset;
    switch (channel.pair()) {
      case 0x04C9: return read_people(data, {});
      case 0x05CC: return read_passages(data, {});
      case 0x06CD: most_ = data.u8(); return;
      case 0x07D5: return read_regions(data, 1, 8, {});
      case 0x08D5: return read_regions(data, 9, 8, {});
      case 0x0DCC: return read_total(data, {});
      case 0x0F85: reported_at_ = data.le32(); return;
      case 0x10F7: return refuse_line();
      case 0x20CE: return read_stored(data);
      default: return;  // flow, dwell, serial number
    }
  }

  void finish() {
    for (Observation& observation : observations_) {
      const bool whole = observation.kind == Kind::level && observation.region.empty();
      const bool stored = !observation.flags.empty() && observation.flags.front() == "historical";
      if (most_ && whole && !stored) observation.flags.push_back(fmt::format("max_in_window={}", *most_));
      if (reported_at_ && !stored) stamp(observation, *reported_at_);
      out_.observations.push_back(std::move(observation));
    }
  }

 private:
  Observation& begin(Kind kind, Stored stored) {
    Observation observation;
    observation.kind = kind;
    if (stored) {
      observation.flags.emplace_back("historical");
      stamp(observation, *stored);
    }
    observations_.push_back(std::move(observation));
    return observations_.back();
  }

  void read_people(ByteReader& data, Stored stored) {
    begin(Kind::level, stored).occupancy = data.u8();
    const unsigned regions = data.u8();
    const unsigned mask = data.be16();
    if (regions > kMostRegions) {
      return refuse(RejectKind::sanity,
                    fmt::format("{} regions; there are at most {}", regions, kMostRegions));
    }
    for (unsigned region = 0; region < regions; ++region) {
      Observation& presence = begin(Kind::presence, stored);
      presence.region = std::to_string(region + 1);
      presence.flags.emplace_back((mask >> region & 1) != 0 ? "occupied" : "vacant");
    }
  }

  void read_passages(ByteReader& data, Stored stored) {
    const auto in = static_cast<std::int16_t>(data.le16());
    const auto out = static_cast<std::int16_t>(data.le16());
    if (in < 0 || out < 0)
      return refuse(RejectKind::sanity, fmt::format("{} in and {} out cannot be people", in, out));
    Observation& interval = begin(Kind::interval, stored);
    interval.count_in = in;
    interval.count_out = out;
  }

  void read_total(ByteReader& data, Stored stored) {
    Observation& total = begin(Kind::total, stored);
    total.count_in = data.le16();
    total.count_out = data.le16();
    total.wraps_at = kTotalWrapsAt;
  }

  void read_regions(ByteReader& data, unsigned first, unsigned count, Stored stored) {
    for (unsigned region = first; region < first + count; ++region) {
      Observation& level = begin(Kind::level, stored);
      level.region = std::to_string(region);
      level.occupancy = data.u8();
    }
  }

  void read_stored(ByteReader& data) {
    const std::uint32_t seconds = data.le32();
    const unsigned what = data.u8();
    switch (what) {
      case 0x01: return read_people(data, seconds);
      case 0x02: return read_passages(data, seconds);
      case 0x04:
      case 0x05:
      case 0x06:
      case 0x07: return read_regions(data, (what - 0x04) * 4 + 1, 4, seconds);
      case 0x10: return read_total(data, seconds);
      case 0x12: return refuse_line();
      default: return;  // the most at once, flow, dwell
    }
  }

  void refuse_line() {
    refuse(RejectKind::unsupported, "counts over a line, of which it is not known since when they count");
  }

  void refuse(RejectKind kind, const std::string& what) {
    out_.rejects.push_back({kind, fmt::format("byte {}: {}", offset_, what)});
  }

  Decoded& out_;
  std::vector<Observation> observations_;
  std::optional<unsigned> most_;
  Stored reported_at_;
  std::size_t offset_ = 0;
};

}  // namespace

bool MilesightVs121::recognises(const Frame& frame) const {
  return any_of(pairs_of(frame.payload, kDialect), kTelling);
}

void MilesightVs121::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  ChannelWalk walk(frame.payload, kDialect, out);
  Uplink uplink(out);
  while (const auto channel = walk.next()) uplink.read(*channel);
  uplink.finish();
  walk.finish();
}

}  // namespace lintel::bridge::decoders
