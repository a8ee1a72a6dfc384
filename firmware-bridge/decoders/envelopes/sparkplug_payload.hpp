#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/observation.hpp"

namespace lintel::bridge::decoders::envelopes {

/// The standard's numbers for what a metric's value is; those that are numbers or truth values.
enum class SparkplugType : std::uint8_t {
  unknown = 0,
  int8 = 1,
  int16 = 2,
  int32 = 3,
  int64 = 4,
  uint8 = 5,
  uint16 = 6,
  uint32 = 7,
  uint64 = 8,
  real32 = 9,
  real64 = 10,
  boolean = 11,
  other = 12,  ///< texts, times, tables, templates and what may come: nothing that counts
};

/// One metric of a message. Views point into the message.
struct SparkplugMetric {
  /// Which field of the message holds the value.
  enum class Holds : std::uint8_t { nothing, whole32, whole64, real, truth, other };

  std::optional<std::string_view> name;
  std::optional<std::uint64_t> alias;
  std::optional<std::uint64_t> timestamp;  ///< milliseconds since 1970 UTC
  SparkplugType type = SparkplugType::unknown;
  bool historical = false;
  bool null = false;
  Holds holds = Holds::nothing;
  std::uint64_t bits = 0;  ///< whole32, whole64, truth
  double number = 0;       ///< real

  /// The value as a whole number, signed where `as` says so; nothing where it is none.
  [[nodiscard]] std::optional<std::int64_t> whole(SparkplugType as) const;
};

/// A message of an edge node, apart from its topic.
///
///   1 timestamp varint   2 metric (repeated)   3 seq varint   4 uuid text   5 body bytes
///   metric: 1 name  2 alias  3 timestamp  4 datatype  5 is_historical  7 is_null  10 int_value (32 bits)
///           11 long_value  12 float_value  13 double_value  14 boolean_value  15.. texts, tables, templates
struct SparkplugPayload {
  std::optional<std::uint64_t> timestamp;
  std::optional<std::uint64_t> seq;
  std::vector<SparkplugMetric> metrics;
};

/// Reads a message; unknown fields are passed over. A message that is broken anywhere, too large (1 MiB, 4096
/// metrics) or compressed is one reject: there is no checksum that would say what of it to trust.
std::optional<SparkplugPayload> parse_sparkplug(std::string_view bytes, Decoded& out);

/// The command that asks an edge node to send its births again: "Node Control/Rebirth" = true. It has to bear
/// a time; decoders have no clock, so it is the one of the message that made it necessary.
std::string rebirth_command(std::optional<std::uint64_t> timestamp);

}  // namespace lintel::bridge::decoders::envelopes
