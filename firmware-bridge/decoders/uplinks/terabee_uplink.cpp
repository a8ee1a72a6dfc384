#include "firmware-bridge/decoders/uplinks/terabee_uplink.hpp"

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr unsigned kPortLxl = 1;
constexpr unsigned kPortReply = 2;
constexpr unsigned kPortM = 82;
constexpr unsigned kPortOccupancy = 83;
constexpr std::size_t kTotalsLength = 9;
constexpr std::size_t kOccupancyLength = 10;
constexpr unsigned kGetCounts = 0x02;
constexpr unsigned kZones = 8;
constexpr unsigned kNoZone = 255;
constexpr std::int64_t kTotalWrapsAt = std::int64_t{1} << 32;
constexpr std::uint32_t kMostLikely = 1 << 24;
constexpr unsigned kFlags = 0x0F;

/// What one bit of the flags means.
struct Bit {
  unsigned mask;
  const char* flag;
  const char* fault;  ///< null: nothing is wrong
};

constexpr Bit kLxlBits[] = {{1, "counting_stopped", "counting stopped"},
                            {2, "counting_stuck", "counting stuck"},
                            {4, "multi_device_issue", "devices that work together disagree"},
                            {8, "wifi_ap_on", nullptr}};
constexpr Bit kMBits[] = {{1, "counting_stopped", "counting stopped"},
                          {2, "counting_stuck", "counting stuck"},
                          {4, "network_on", nullptr}};
constexpr Bit kOccupancyBits[] = {{1, "counting_stopped", "counting stopped"},
                                  {2, "counting_stuck", "counting stuck"},
                                  {4, "wifi_ap_on", nullptr},
                                  {8, "warmup", nullptr}};

/// The words for the flags of an uplink; what is broken goes into a report.
std::vector<std::string> read_flags(unsigned flags, std::span<const Bit> bits, Decoded& out) {
  std::vector<std::string> words;
  DeviceReport report;
  for (const Bit& bit : bits) {
    if ((flags & bit.mask) == 0) continue;
    words.emplace_back(bit.flag);
    if (bit.fault != nullptr) report.faults.emplace_back(bit.fault);
  }
  if (!report.faults.empty()) out.reports.push_back(std::move(report));
  return words;
}

bool has_length(std::string_view payload, std::size_t expected, Decoded& out) {
  if (payload.size() == expected) return true;
  out.rejects.push_back(
      {RejectKind::length, fmt::format("{} bytes; expected {} on this port", payload.size(), expected)});
  return false;
}

Observation read_totals(ByteReader& data) {
  Observation total;
  total.kind = Kind::total;
  total.count_in = data.be32();
  total.count_out = data.be32();
  total.wraps_at = kTotalWrapsAt;
  return total;
}

void decode_totals(std::string_view payload, std::span<const Bit> bits, Decoded& out) {
  if (!has_length(payload, kTotalsLength, out)) return;
  ByteReader data(payload);
  Observation total = read_totals(data);
  total.flags = read_flags(data.u8(), bits, out);
  out.observations.push_back(std::move(total));
}

void decode_reply(std::string_view payload, Decoded& out) {
  ByteReader data(payload);
  if (data.u8() != kGetCounts) return;
  if (!has_length(payload, kTotalsLength, out)) return;
  Observation total = read_totals(data);
  total.flags.emplace_back("reply");
  out.observations.push_back(std::move(total));
}

void decode_occupancy(std::string_view payload, Decoded& out) {
  if (!has_length(payload, kOccupancyLength, out)) return;
  ByteReader data(payload);
  const auto flags = read_flags(data.u8(), kOccupancyBits, out);
  const auto report = [&](std::string zone, unsigned people) {
    Observation level;
    level.kind = Kind::level;
    level.region = std::move(zone);
    level.occupancy = people;
    level.flags = flags;
    out.observations.push_back(std::move(level));
  };
  report({}, data.u8());
  for (unsigned zone = 0; zone < kZones; ++zone)
    if (const unsigned people = data.u8(); people != kNoZone) report(std::to_string(zone), people);
}

bool is_likely(std::string_view totals) {
  ByteReader data(totals);
  const std::uint32_t in = data.be32();
  return in < kMostLikely && data.be32() < kMostLikely;
}

}  // namespace

bool TerabeeUplink::recognises(const Frame& frame) const {
  const std::string_view payload = frame.payload;
  if (!frame.port || payload.empty()) return false;
  const auto last = static_cast<unsigned char>(payload.back());
  switch (*frame.port) {
    case kPortLxl:
    case kPortM: return payload.size() == kTotalsLength && last <= kFlags && is_likely(payload);
    case kPortReply:
      return payload.size() == kTotalsLength && payload.front() == char{kGetCounts} &&
             is_likely(payload.substr(1));
    case kPortOccupancy:
      return payload.size() == kOccupancyLength && static_cast<unsigned char>(payload.front()) <= kFlags;
    default: return false;
  }
}

void TerabeeUplink::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  const std::string_view payload = frame.payload;
  if (payload.empty()) {
    out.rejects.push_back({RejectKind::length, "the uplink is empty"});
    return;
  }
  if (!frame.port) {
    out.rejects.push_back({RejectKind::unsupported,
                           "without the port it came on (1, 82, 83, ...) the payload cannot be told apart"});
    return;
  }
  const unsigned port = *frame.port;
  if (port == kPortLxl) return decode_totals(payload, kLxlBits, out);
  if (port == kPortM) return decode_totals(payload, kMBits, out);
  if (port == kPortOccupancy) return decode_occupancy(payload, out);
  if (port == kPortReply) return decode_reply(payload, out);
  const bool answer = (port >= 3 && port <= 8) || (port >= 100 && port <= 102);
  if (!answer)
    out.rejects.push_back({RejectKind::unsupported, fmt::format("port {} is not one of Terabee's", port)});
}

}  // namespace lintel::bridge::decoders
