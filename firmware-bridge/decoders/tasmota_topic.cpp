#include "firmware-bridge/decoders/tasmota_topic.hpp"

#include <algorithm>
#include <vector>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

std::vector<std::string_view> split_levels(std::string_view topic) {
  std::vector<std::string_view> levels;
  levels.reserve(8);
  while (true) {
    const std::size_t slash = topic.find('/');
    levels.push_back(topic.substr(0, slash));
    if (slash == std::string_view::npos) return levels;
    topic.remove_prefix(slash + 1);
  }
}

bool is_prefix(std::string_view level) {
  return level == "tele" || level == "stat";
}

/// Where the prefix stands among the levels before the subject. The two documented places come first, so
/// that a device called "stat" keeps its name.
std::size_t find_prefix(const std::vector<std::string_view>& levels) {
  if (levels.empty()) return 0;
  if (is_prefix(levels.front())) return 0;
  if (is_prefix(levels.back())) return levels.size() - 1;
  return static_cast<std::size_t>(std::find_if(levels.begin(), levels.end(), is_prefix) - levels.begin());
}

/// What follows a marker that the console prints after the optional time of day.
std::optional<std::string_view> after_marker(std::string_view line, std::string_view marker) {
  const std::size_t found = line.find(marker);
  if (found == std::string_view::npos) return std::nullopt;
  const std::string_view before = line.substr(0, found);
  // "09:16:59", "09:16:59.123", with free memory "09:16:59.123-028/41"; text there is another log line.
  if (before.find_first_not_of("0123456789:.-/ ") != std::string_view::npos) return std::nullopt;
  return line.substr(found + marker.size());
}

}  // namespace

std::optional<TasmotaMessage> parse_tasmota_topic(std::string_view topic, std::string_view payload) {
  std::vector<std::string_view> levels = split_levels(topic);
  TasmotaMessage message;
  message.subject = levels.back();
  message.payload = payload;
  levels.pop_back();
  const std::size_t prefix = find_prefix(levels);
  if (prefix < levels.size()) {
    levels.erase(levels.begin() + static_cast<std::ptrdiff_t>(prefix));
  } else if (message.subject != "SENSOR") {
    return std::nullopt;
  }
  for (const std::string_view level : levels) {
    if (!message.sensor.empty()) message.sensor += '/';
    message.sensor += level;
  }
  if (!is_name(message.sensor)) return std::nullopt;
  return message;
}

std::optional<TasmotaMessage> parse_tasmota_console(std::string_view line) {
  line = trim(line);
  constexpr std::string_view kRetained = " (retained)";
  const auto published = after_marker(line, "MQT: ");
  const auto result = published ? published : after_marker(line, "RSL: ");
  if (!result) return std::nullopt;
  constexpr std::string_view kAssign = " = ";
  const std::size_t assign = result->find(kAssign);
  if (assign == std::string_view::npos) return std::nullopt;
  const std::string_view topic = result->substr(0, assign);
  std::string_view payload = result->substr(assign + kAssign.size());
  if (payload.ends_with(kRetained)) payload.remove_suffix(kRetained.size());

  std::optional<TasmotaMessage> message;
  if (topic.find('/') != std::string_view::npos) {
    message = parse_tasmota_topic(topic, payload);
  } else {
    message.emplace();
    message->subject = topic;
    message->payload = payload;
  }
  if (message) message->from_console = true;
  return message;
}

}  // namespace lintel::bridge::decoders
