#include "firmware-bridge/decoders/uplinks/imbuildings_people_counter.hpp"

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/byte_reader.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr unsigned kPeopleCounter = 0x02;
constexpr std::size_t kTypeAndVariant = 2;
constexpr unsigned kReceiverLow = 0x20;
constexpr std::int64_t kTotalWrapsAt = 1 << 16;
constexpr std::size_t kMostReports = 1000;

/// What a variant holds behind type and variant.
struct Variant {
  std::size_t number;
  std::size_t id;       ///< bytes of identity
  std::size_t length;   ///< of all, with identity
  std::size_t counter;  ///< bytes of A and of B; 0: none
  bool nbiot;           ///< RSSI
  bool time;
  bool totals;
  bool sequence;
};

constexpr Variant kVariants[] = {
    {2, 6, 15, 1, true, false, false, false}, {3, 6, 17, 2, true, false, false, false},
    {4, 6, 24, 2, true, true, false, false},  {5, 8, 19, 2, false, false, false, true},
    {6, 8, 23, 2, false, false, true, true},  {7, 8, 18, 0, false, false, true, false},
};

const Variant* variant_of(std::size_t number) {
  for (const Variant& variant : kVariants)
    if (variant.number == number) return &variant;
  return nullptr;
}

/// The variant that a port stands for, whose payload lacks type, variant and identity; null for other ports.
const Variant* headless_variant(std::optional<std::uint8_t> port) {
  if (!port || (*port != 26 && *port != 27)) return nullptr;
  return variant_of(*port - 20U);
}

/// "20 23 02 03 10 35 00"; nothing where that is no time of any calendar.
std::optional<DeviceTime> read_time(ByteReader& data) {
  std::array<int, 7> pairs{};
  bool digits = true;
  for (int& pair : pairs) {
    const auto value = bcd(data.u8());
    digits = digits && value;
    pair = value.value_or(0);
  }
  using namespace std::chrono;
  const year_month_day date{year{pairs[0] * 100 + pairs[1]}, month{static_cast<unsigned>(pairs[2])},
                            day{static_cast<unsigned>(pairs[3])}};
  if (!digits || !date.ok() || pairs[4] > 23 || pairs[5] > 59 || pairs[6] > 59) return std::nullopt;
  const auto time = sys_days{date} + hours{pairs[4]} + minutes{pairs[5]} + seconds{pairs[6]};
  return DeviceTime{time_point_cast<Millis>(time), false};
}

/// One payload behind type and variant, whose length has been checked.
class Payload {
 public:
  Payload(const Variant& variant, ByteReader data) : variant_(variant), data_(data) {}

  void decode(bool with_identity, const std::string& place, Decoded& out) {
    if (with_identity) sensor_ = to_hex(data_.take(variant_.id));
    data_.u8();  // status
    report_.sensor = sensor_;
    report_.battery_mv = data_.be16() * 10;
    if (variant_.nbiot) report_.signal_dbm = data_.i8();
    std::optional<DeviceTime> time;
    if (variant_.time) {
      time = read_time(data_);
      if (!time) out.rejects.push_back({RejectKind::sanity, place + ": the time is none of any calendar"});
    }
    read_counts();
    for (Observation* observation : {&interval_, &total_}) {
      if (!observation->count_in) continue;
      complete(*observation, time);
      out.observations.push_back(std::move(*observation));
    }
    out.reports.push_back(std::move(report_));
  }

 private:
  void read_counts() {
    interval_.kind = Kind::interval;
    total_.kind = Kind::total;
    if (variant_.counter > 0) {
      interval_.count_in = variant_.counter == 1 ? data_.u8() : data_.be16();
      interval_.count_out = variant_.counter == 1 ? data_.u8() : data_.be16();
    }
    receiver_low_ = (data_.u8() & kReceiverLow) != 0;
    if (receiver_low_) report_.faults.emplace_back("battery of the receiver is low");
    if (variant_.totals) {
      total_.count_in = data_.be16();
      total_.count_out = data_.be16();
      total_.wraps_at = kTotalWrapsAt;
    }
    if (!variant_.sequence) return;
    const unsigned number = data_.u8();
    sequence_ = fmt::format("seq={}", number);
    repeat_key_ = fmt::format("{} {}/{} {}/{}", sequence_, text(interval_.count_in),
                              text(interval_.count_out), text(total_.count_in), text(total_.count_out));
  }

  void complete(Observation& observation, const std::optional<DeviceTime>& time) const {
    observation.sensor = sensor_;
    observation.time = time;
    observation.repeat_key = repeat_key_;
    if (!sequence_.empty()) observation.flags.push_back(sequence_);
    if (receiver_low_) observation.flags.emplace_back("receiver_low_battery");
    if (variant_.time && !time) observation.flags.emplace_back("invalid_timestamp");
  }

  static std::string text(const std::optional<std::int64_t>& count) {
    return count ? std::to_string(*count) : "-";
  }

  const Variant& variant_;
  ByteReader data_;
  DeviceReport report_;
  Observation interval_;
  Observation total_;
  std::string sensor_;
  std::string sequence_;
  std::string repeat_key_;
  bool receiver_low_ = false;
};

void refuse(RejectKind kind, std::string message, Decoded& out) {
  out.rejects.push_back({kind, std::move(message)});
}

/// `place` is where the payload stands, for messages.
void decode_payload(std::string_view payload, const std::string& place, Decoded& out) {
  ByteReader data(payload);
  const unsigned type = data.u8();
  const unsigned number = data.u8();
  if (!payload.empty() && type != kPeopleCounter)
    return refuse(RejectKind::unsupported, fmt::format("{}: device type {:02X}, expected 02", place, type),
                  out);
  if (data.failed()) return refuse(RejectKind::length, place + ": expected device type and variant", out);
  const Variant* variant = variant_of(number);
  if (variant == nullptr)
    return refuse(RejectKind::unsupported,
                  fmt::format("{}: variant {} is not known; expected 2 to 7", place, number), out);
  if (payload.size() != variant->length)
    return refuse(RejectKind::length,
                  fmt::format("{}: variant {} has {} bytes, here are {}", place, number, variant->length,
                              payload.size()),
                  out);
  Payload(*variant, data).decode(true, place, out);
}

void decode_headless(const Variant& variant, std::string_view payload, Decoded& out) {
  const std::size_t expected = variant.length - kTypeAndVariant - variant.id;
  if (payload.size() != expected)
    return refuse(RejectKind::length,
                  fmt::format("{} bytes; expected {} on this port", payload.size(), expected), out);
  Payload(variant, ByteReader(payload)).decode(false, "the uplink", out);
}

void decode_report(const Json& report, const Place& place, Decoded& out) {
  const Place value_place = place.at("value");
  const Json* value = member(&report, "value");
  const auto* hex = value != nullptr ? value->get_ptr<const Json::string_t*>() : nullptr;
  if (hex == nullptr) return reject(out, RejectKind::unsupported, value_place, "expected a payload in hex");
  const auto bytes = from_hex(*hex);
  if (!bytes) return reject(out, RejectKind::integrity, value_place, "expected an even number of hex digits");
  decode_payload(*bytes, value_place.pointer(), out);
}

void decode_json(std::string_view text, Decoded& out) {
  const auto is_read = [](std::string_view key) { return key == "reports" || key == "value"; };
  const auto root = parse_json(text, is_read, out);
  if (!root) return;
  const Place top;
  const Place place = top.at("reports");
  const Json* reports = member(&*root, "reports");
  if (reports == nullptr || !reports->is_array())
    return reject(out, RejectKind::unsupported, place, "expected a list of reports");
  if (reports->size() > kMostReports)
    return reject(out, RejectKind::sanity, place, fmt::format("more than {} reports", kMostReports));
  for (std::size_t i = 0; i < reports->size(); ++i) decode_report((*reports)[i], place.at(i), out);
}

/// LoRaWAN's ports are never JSON's: the first byte of a headless payload may be any.
bool is_json(const Frame& frame) {
  return !frame.port && trim(frame.payload).starts_with('{');
}

/// No battery of these devices has less than 1 V or more than 7.
bool is_likely(const Decoded& decoded) {
  for (const DeviceReport& report : decoded.reports)
    if (!report.battery_mv || *report.battery_mv < 1000 || *report.battery_mv > 7000) return false;
  return decoded.rejects.empty() && !decoded.observations.empty();
}

}  // namespace

bool ImbuildingsPeopleCounter::recognises(const Frame& frame) const {
  DecodeSession session;
  Decoded decoded;
  decode(frame, {}, session, decoded);
  return is_likely(decoded);
}

void ImbuildingsPeopleCounter::decode(const Frame& frame, const DecodeSettings&, DecodeSession&,
                                      Decoded& out) const {
  if (is_json(frame)) return decode_json(frame.payload, out);
  if (const Variant* variant = headless_variant(frame.port))
    return decode_headless(*variant, frame.payload, out);
  decode_payload(frame.payload, "the uplink", out);
}

}  // namespace lintel::bridge::decoders
