#include "firmware-bridge/decoders/envelopes/sparkplug_payload.hpp"

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "firmware-bridge/decoders/envelopes/protobuf_reader.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

using Wire = ProtobufField::Wire;
using Holds = SparkplugMetric::Holds;

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxMetrics = 4096;
constexpr double kExactDouble = 9007199254740992.0;  // 2^53
constexpr std::string_view kCompressed = "SPBV1.0_COMPRESSED";

template <class To, class From>
To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

/// What the wire has to say of a field's value; the fields after 15 are texts and structures.
Wire wire_of_metric(std::uint32_t number) {
  switch (number) {
    case 1:
    case 8:
    case 9: return Wire::bytes;
    case 12: return Wire::fixed32;
    case 13: return Wire::fixed64;
    default: return number < 15 ? Wire::varint : Wire::bytes;
  }
}

void set_value(SparkplugMetric& metric, const ProtobufField& field) {
  switch (field.number) {
    case 10:
      metric.holds = Holds::whole32;
      metric.bits = field.value & 0xFFFFFFFF;
      break;
    case 11:
      metric.holds = Holds::whole64;
      metric.bits = field.value;
      break;
    case 12:
      metric.holds = Holds::real;
      metric.number = same_bits<float>(static_cast<std::uint32_t>(field.value));
      break;
    case 13:
      metric.holds = Holds::real;
      metric.number = same_bits<double>(field.value);
      break;
    case 14:
      metric.holds = Holds::truth;
      metric.bits = field.value != 0 ? 1 : 0;
      break;
    default: metric.holds = Holds::other;
  }
}

void set(SparkplugMetric& metric, const ProtobufField& field) {
  switch (field.number) {
    case 1: metric.name = field.bytes; break;
    case 2: metric.alias = field.value; break;
    case 3: metric.timestamp = field.value; break;
    case 4:
      metric.type = field.value < 12 ? static_cast<SparkplugType>(field.value) : SparkplugType::other;
      break;
    case 5: metric.historical = field.value != 0; break;
    case 7: metric.null = field.value != 0; break;
    case 6:
    case 8:
    case 9: break;
    default: set_value(metric, field);
  }
}

std::optional<SparkplugMetric> parse_metric(std::string_view bytes) {
  constexpr std::uint32_t kLastKnown = 19;
  SparkplugMetric metric;
  ProtobufReader reader(bytes);
  while (const auto field = reader.next()) {
    if (field->number > kLastKnown) continue;
    if (field->wire != wire_of_metric(field->number)) return std::nullopt;
    set(metric, *field);
  }
  return reader.failed() ? std::nullopt : std::optional(metric);
}

void refuse(Decoded& out, RejectKind kind, std::string message) {
  out.rejects.push_back({kind, std::move(message)});
}

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void put_bytes(std::string& out, char tag, std::string_view bytes) {
  out += tag;
  put_varint(out, bytes.size());
  out += bytes;
}

}  // namespace

std::optional<std::int64_t> SparkplugMetric::whole(SparkplugType as) const {
  if (holds == Holds::real) {
    if (std::abs(number) >= kExactDouble || number != std::floor(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (holds != Holds::whole32 && holds != Holds::whole64) return std::nullopt;
  switch (as) {
    case SparkplugType::int8: return same_bits<std::int8_t>(static_cast<std::uint8_t>(bits));
    case SparkplugType::int16: return same_bits<std::int16_t>(static_cast<std::uint16_t>(bits));
    case SparkplugType::int32: return same_bits<std::int32_t>(static_cast<std::uint32_t>(bits));
    case SparkplugType::int64: return same_bits<std::int64_t>(bits);
    default: break;
  }
  if (bits > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return static_cast<std::int64_t>(bits);
}

std::optional<SparkplugPayload> parse_sparkplug(std::string_view bytes, Decoded& out) {
  const auto fail = [&](RejectKind kind, std::string message) {
    refuse(out, kind, std::move(message));
    return std::nullopt;
  };
  if (bytes.empty()) return fail(RejectKind::length, "an empty message, where births and data have metrics");
  if (bytes.size() > kMaxBytes) {
    return fail(RejectKind::length,
                fmt::format("{} bytes are too long for a message: the limit is {}", bytes.size(), kMaxBytes));
  }
  SparkplugPayload payload;
  ProtobufReader reader(bytes);
  while (const auto field = reader.next()) {
    constexpr Wire kWires[] = {Wire::varint, Wire::bytes, Wire::varint, Wire::bytes, Wire::bytes};
    const auto broken = [&] {
      return fmt::format("field {} at byte {} is no Sparkplug B", field->number, reader.position());
    };
    if (field->number > std::size(kWires)) continue;
    if (field->wire != kWires[field->number - 1]) return fail(RejectKind::integrity, broken());
    if (field->number == 1) payload.timestamp = field->value;
    if (field->number == 3) payload.seq = field->value;
    if (field->number == 4 && field->bytes == kCompressed) {
      return fail(RejectKind::unsupported,
                  "the message is compressed: switch compression off at the edge node");
    }
    if (field->number != 2) continue;
    if (payload.metrics.size() == kMaxMetrics)
      return fail(RejectKind::sanity, fmt::format("more than {} metrics in one message", kMaxMetrics));
    const auto metric = parse_metric(field->bytes);
    if (!metric) return fail(RejectKind::integrity, broken());
    payload.metrics.push_back(*metric);
  }
  if (!reader.failed()) return payload;
  return fail(RejectKind::integrity, fmt::format("not protobuf, or cut off, in the field at byte {} of {}",
                                                 reader.position(), bytes.size()));
}

std::string rebirth_command(std::optional<std::uint64_t> timestamp) {
  constexpr char kTimestamp = 0x18;
  constexpr char kDatatype = 0x20;
  constexpr char kBooleanValue = 0x70;
  std::string metric;
  put_bytes(metric, 0x0A, "Node Control/Rebirth");
  if (timestamp) {
    metric += kTimestamp;
    put_varint(metric, *timestamp);
  }
  metric += {kDatatype, static_cast<char>(SparkplugType::boolean), kBooleanValue, 1};
  std::string payload;
  if (timestamp) {
    payload += 0x08;
    put_varint(payload, *timestamp);
  }
  put_bytes(payload, 0x12, metric);
  return payload;
}

}  // namespace lintel::bridge::decoders::envelopes
