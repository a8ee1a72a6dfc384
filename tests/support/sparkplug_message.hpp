#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lintel::test {

/// A metric as a Sparkplug edge node encodes it. What is left open is not sent.
struct SparkplugMetricText {
  std::string name;
  std::optional<std::uint64_t> alias{};
  std::uint64_t type = 0;  ///< 8: UInt64, 11: Boolean
  std::optional<std::uint64_t> value{};
  std::optional<std::uint64_t> timestamp{};
  bool historical = false;
  bool null = false;
  char value_field = 11;  ///< 10: int_value, 11: long_value, 14: boolean_value
};

/// Writes protobuf by hand, independently of the product's own code.
class Protobuf {
 public:
  Protobuf& number(char field, std::optional<std::uint64_t> value) {
    if (value) tag(field, 0).varint(*value);
    return *this;
  }
  Protobuf& bytes(char field, std::string_view value) {
    tag(field, 2).varint(value.size());
    text += value;
    return *this;
  }
  std::string text;

 private:
  Protobuf& tag(char field, int wire) {
    text += static_cast<char>(field << 3 | wire);
    return *this;
  }
  Protobuf& varint(std::uint64_t value) {
    for (; value > 127; value >>= 7) text += static_cast<char>(value | 0x80);
    text += static_cast<char>(value);
    return *this;
  }
};

inline std::string sparkplug_message(std::optional<std::uint64_t> seq,
                                     const std::vector<SparkplugMetricText>& metrics,
                                     std::optional<std::uint64_t> timestamp = 1'719'835'200'000) {
  Protobuf message;
  message.number(1, timestamp);
  for (const auto& metric : metrics) {
    Protobuf one;
    if (!metric.name.empty()) one.bytes(1, metric.name);
    one.number(2, metric.alias).number(3, metric.timestamp);
    if (metric.type != 0) one.number(4, metric.type);
    if (metric.historical) one.number(5, 1);
    if (metric.null) one.number(7, 1);
    one.number(metric.value_field, metric.value);
    message.bytes(2, one.text);
  }
  message.number(3, seq);
  return message.text;
}

}  // namespace lintel::test
