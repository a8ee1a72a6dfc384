#include "firmware-bridge/decoders/uplinks/yosensi_people_counter.hpp"

#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr unsigned kVersion = 0x02;
constexpr std::size_t kHeader = 4;
constexpr std::size_t kRecordHead = 3;
constexpr std::size_t kMostBytes = 242;  // that one LoRaWAN uplink can carry
constexpr unsigned kPassages = 0x60;
constexpr unsigned kBattery = 0x08;
constexpr unsigned kTemperature = 0x0D;
constexpr unsigned kHumidity = 0x10;

struct Record {
  std::size_t offset = 0;
  unsigned what = 0;
  unsigned address = 0;
  std::optional<unsigned> channel;
  std::int64_t value = 0;
};

/// Bytes behind a record's format; nothing for formats that are not known.
std::optional<std::size_t> length_of(unsigned format) {
  switch (format) {
    case 0x00: return 1;
    case 0x01: return 2;
    case 0x11: return 3;
    case 0x13: return 5;
    default: return std::nullopt;
  }
}

std::int64_t value_of(unsigned format, ByteReader& data) {
  if (format == 0x00) return data.u8();
  if (format == 0x13) return static_cast<std::int32_t>(data.be32());
  return data.be16();
}

using Numbers = std::array<std::optional<std::int64_t>, 5>;  // by channel

class Uplink {
 public:
  explicit Uplink(Decoded& out) : out_(out) {}

  void read(std::string_view payload) {
    ByteReader bytes(payload);
    bytes.u8();
    message_ = bytes.u8();
    bytes.be16();
    while (const auto record = next(bytes)) take(*record);
  }

  void finish() {
    const std::string key =
        fmt::format("message={} {}/{} {}/{}", message_, text(0), text(1), text(2), text(3));
    report(Kind::interval, numbers_[0], numbers_[1], key);
    report(Kind::total, numbers_[2], numbers_[3], key);
    if (!battery_mv_) return;
    DeviceReport report;
    report.battery_mv = battery_mv_;
    out_.reports.push_back(std::move(report));
  }

 private:
  std::optional<Record> next(ByteReader& bytes) {
    if (bytes.left() == 0) return std::nullopt;
    Record record;
    record.offset = bytes.offset();
    record.what = bytes.u8();
    record.address = bytes.u8();
    const unsigned format = bytes.u8();
    if (bytes.failed()) return stop(RejectKind::length, record.offset, "a record is cut off");
    const auto length = length_of(format);
    if (!length) {
      return stop(RejectKind::unsupported, record.offset,
                  fmt::format("a record of format {:02X} is not known, so nothing from there on can be read",
                              format));
    }
    if (*length > bytes.left()) return stop(RejectKind::length, record.offset, "a record is cut off");
    if (format >= 0x10) record.channel = bytes.u8();
    record.value = value_of(format, bytes);
    return record;
  }

  void take(const Record& record) {
    if (record.what == kBattery && record.address == 0) battery_mv_ = static_cast<int>(record.value);
    if (record.what != kPassages) return;
    if (record.address != 0 || !record.channel || *record.channel >= numbers_.size()) {
      refuse(RejectKind::unsupported, record.offset,
             "a number of passages that is not documented; expected 60 00 and channel 00 to 04");
    } else if (record.value < 0 && *record.channel != 4) {
      refuse(RejectKind::sanity, record.offset, fmt::format("{} cannot be people", record.value));
    } else if (std::exchange(stated_[*record.channel], true)) {
      numbers_[*record.channel].reset();
      refuse(RejectKind::sanity, record.offset,
             fmt::format("channel {:02X} for a second time: which of both counts cannot be told",
                         *record.channel));
    } else {
      numbers_[*record.channel] = record.value;
    }
  }

  void report(Kind kind, std::optional<std::int64_t> in, std::optional<std::int64_t> out,
              const std::string& key) {
    if (!in && !out) return;
    Observation observation;
    observation.kind = kind;
    observation.count_in = in;
    observation.count_out = out;
    observation.repeat_key = key;
    if (kind == Kind::total && numbers_[4])
      observation.flags.push_back(fmt::format("device_net={}", *numbers_[4]));
    out_.observations.push_back(std::move(observation));
  }

  [[nodiscard]] std::string text(std::size_t channel) const {
    return numbers_[channel] ? std::to_string(*numbers_[channel]) : "-";
  }

  void refuse(RejectKind kind, std::size_t offset, const std::string& what) {
    out_.rejects.push_back({kind, fmt::format("byte {}: {}", offset, what)});
  }

  std::nullopt_t stop(RejectKind kind, std::size_t offset, const std::string& what) {
    refuse(kind, offset, what);
    return std::nullopt;
  }

  Decoded& out_;
  unsigned message_ = 0;
  Numbers numbers_;
  std::array<bool, std::tuple_size_v<Numbers>> stated_{};
  std::optional<int> battery_mv_;
};

/// Whether the records are those that have been seen of this device, and reach to the last byte.
bool is_documented(std::string_view payload) {
  ByteReader bytes(payload.substr(kHeader));
  while (bytes.left() >= kRecordHead) {
    const unsigned what = bytes.u8();
    const unsigned address = bytes.u8();
    const auto length = length_of(bytes.u8());
    const bool known = what == kPassages || what == kBattery || what == kTemperature || what == kHumidity;
    if (!known || address != 0 || !length) return false;
    bytes.take(*length);
  }
  return !bytes.failed() && bytes.left() == 0;
}

}  // namespace

bool YosensiPeopleCounter::recognises(const Frame& frame) const {
  const std::string_view payload = frame.payload;
  return payload.size() > kHeader && payload.size() <= kMostBytes && payload.front() == char{kVersion} &&
         is_documented(payload);
}

void YosensiPeopleCounter::decode(const Frame& frame, const DecodeSettings&, DecodeSession&,
                                  Decoded& out) const {
  const std::string_view payload = frame.payload;
  if (!payload.empty() && payload.front() != char{kVersion}) {
    out.rejects.push_back({RejectKind::unsupported, "byte 0: expected version 02"});
    return;
  }
  if (payload.size() <= kHeader || payload.size() > kMostBytes) {
    out.rejects.push_back(
        {RejectKind::length, fmt::format("{} bytes; expected {} and records", payload.size(), kHeader)});
    return;
  }
  Uplink uplink(out);
  uplink.read(payload);
  uplink.finish();
}

}  // namespace lintel::bridge::decoders
