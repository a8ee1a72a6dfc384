#include "firmware-bridge/decoders/uplinks/hkt_people_counter.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::string_view kMagic{"hkt\0", 4};
constexpr std::int64_t kTotalWrapsAt = std::int64_t{1} << 32;

/// How many bytes follow an item's type; nothing for types that are not known.
std::optional<std::size_t> length_of(unsigned type) {
  switch (type) {
    case 0x01:
    case 0x05:
    case 0x06:
    case 0x86: return 2;
    case 0x03:
    case 0x04:
    case 0x83:
    case 0x84: return 1;
    case 0x07: return 12;
    default: return std::nullopt;
  }
}

class Uplink {
 public:
  explicit Uplink(Decoded& out) : out_(out) {}

  void read(ByteReader& items) {
    while (items.left() > 0) {
      const std::size_t offset = kMagic.size() + 1 + items.offset();
      const unsigned type = items.u8();
      const auto length = length_of(type);
      if (!length) {
        return stop(RejectKind::unsupported, offset,
                    fmt::format("item {:02X} is not known, so nothing from there on can be read", type));
      }
      if (*length > items.left())
        return stop(RejectKind::length, offset, fmt::format("item {:02X} is cut off", type));
      ByteReader data(items.take(*length));
      read_item(type, data);
    }
  }

  void finish() {
    if (reported_) out_.reports.push_back(std::move(report_));
  }

 private:
  void read_item(unsigned type, ByteReader& data) {
    if (type == 0x07) return read_counts(data);
    if (type == 0x01) {
      data.u8();
      report().firmware = std::to_string(data.u8());
    } else if (type == 0x03) {
      const int percent = data.u8();
      if (percent <= 100) report().battery_percent = percent;
    } else if (type == 0x83) {
      if (const unsigned error = data.u8(); error != 0)
        report().faults.push_back(fmt::format("infrared error {}", error));
    } else if (type == 0x84) {
      report().tampered = data.u8() == 0;
    }
  }

  void read_counts(ByteReader& data) {
    Observation interval;
    interval.kind = Kind::interval;
    interval.count_in = data.be16();
    interval.count_out = data.be16();
    out_.observations.push_back(std::move(interval));
    Observation total;
    total.kind = Kind::total;
    total.count_in = data.be32();
    total.count_out = data.be32();
    total.wraps_at = kTotalWrapsAt;
    out_.observations.push_back(std::move(total));
  }

  DeviceReport& report() {
    reported_ = true;
    return report_;
  }

  void stop(RejectKind kind, std::size_t offset, const std::string& what) {
    out_.rejects.push_back({kind, fmt::format("byte {}: {}", offset, what)});
  }

  Decoded& out_;
  DeviceReport report_;
  bool reported_ = false;
};

}  // namespace

bool HktPeopleCounter::recognises(const Frame& frame) const {
  Decoded decoded;
  DecodeSession session;
  decode(frame, {}, session, decoded);
  return decoded.rejects.empty();
}

void HktPeopleCounter::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  constexpr std::size_t kMostBytes = 242;  // that one LoRaWAN uplink can carry
  const std::string_view payload = frame.payload;
  const std::size_t head = std::min(payload.size(), kMagic.size());
  if (payload.substr(0, head) != kMagic.substr(0, head)) {
    out.rejects.push_back(
        {RejectKind::unsupported, "byte 0: expected 68 6B 74 00, with which HKT's payloads begin"});
    return;
  }
  if (payload.size() <= kMagic.size() + 1 || payload.size() > kMostBytes) {
    out.rejects.push_back({RejectKind::length, fmt::format("{} bytes; expected {} and items", payload.size(),
                                                           kMagic.size() + 1)});
    return;
  }
  ByteReader items(payload.substr(kMagic.size() + 1));
  Uplink uplink(out);
  uplink.read(items);
  uplink.finish();
}

}  // namespace lintel::bridge::decoders
