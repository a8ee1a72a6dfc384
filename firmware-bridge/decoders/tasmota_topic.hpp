#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge::decoders {

/// A message of a Tasmota device, wherever it came from.
struct TasmotaMessage {
  std::string sensor;        ///< %topic%; empty where the console states none
  std::string_view subject;  ///< last level of the topic: SENSOR, STATUS8, LWT, ...
  std::string_view payload;
  bool from_console = false;
};

/// Splits an MQTT topic into %topic% and subject. tele and stat, wherever they stand, are the prefix and
/// not part of the identity. Without either, only a topic that ends in SENSOR is taken for Tasmota's.
/// Nothing for a topic that is not Tasmota's or names no device.
std::optional<TasmotaMessage> parse_tasmota_topic(std::string_view topic, std::string_view payload);

/// Finds the message in a line of the serial console; nothing for log lines that hold none.
std::optional<TasmotaMessage> parse_tasmota_console(std::string_view line);

}  // namespace lintel::bridge::decoders
