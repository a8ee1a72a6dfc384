#include "firmware-bridge/decoders/envelopes/sparkplug_names.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

using What = SparkplugMeaning::What;

bool same(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

template <std::size_t N>
bool any_of(std::string_view text, const std::string_view (&words)[N]) {
  return std::any_of(std::begin(words), std::end(words), [&](auto word) { return same(text, word); });
}

bool is_whole(SparkplugType type) {
  return type <= SparkplugType::uint64;  // unknown included: what a message without births leaves open
}

/// "Entrance" of "Line/Entrance".
std::string_view place_of(std::string_view head) {
  constexpr std::string_view kKinds[] = {"line", "lines", "zone", "zones", "region", "regions"};
  const auto slash = head.find('/');
  if (slash == std::string_view::npos || !any_of(head.substr(0, slash), kKinds)) return head;
  return head.substr(slash + 1);
}

}  // namespace

std::string SparkplugTopic::identity() const {
  return device.empty() ? std::string(edge) : fmt::format("{}/{}", edge, device);
}

std::optional<SparkplugTopic> parse_sparkplug_topic(std::string_view topic) {
  std::array<std::string_view, 5> parts;
  std::size_t count = 0;
  for (;;) {
    if (count == parts.size()) return std::nullopt;
    const auto slash = topic.find('/');
    parts[count++] = topic.substr(0, slash);
    if (slash == std::string_view::npos) break;
    topic.remove_prefix(slash + 1);
  }
  if (parts[0] != "spBv1.0" || count < 4) return std::nullopt;
  for (std::size_t i = 1; i < count; ++i) {
    if (!is_name(parts[i]) || parts[i].find_first_of("#+") != std::string_view::npos) return std::nullopt;
  }
  const SparkplugTopic result{parts[1], parts[2], parts[3], parts[4]};
  return is_name(result.identity()) ? std::optional(result) : std::nullopt;
}

std::optional<SparkplugMeaning> meaning_of(std::string_view metric, SparkplugType type,
                                           const LineMap& lines) {
  for (const auto& [line, channels] : lines) {
    if (channels.in == metric) return SparkplugMeaning{What::in, line};
    if (channels.out == metric) return SparkplugMeaning{What::out, line};
  }
  const auto slash = metric.rfind('/');
  const auto last = slash == std::string_view::npos ? metric : metric.substr(slash + 1);
  const auto head = slash == std::string_view::npos ? std::string_view{} : metric.substr(0, slash);
  constexpr std::string_view kNoCounts[] = {"node control", "device control", "properties"};
  if (any_of(head.substr(0, head.find('/')), kNoCounts)) return std::nullopt;
  const auto place = place_of(head);
  if (slash != std::string_view::npos && !is_name(place)) return std::nullopt;
  const bool stated = !lines.empty();
  if (same(last, "in") && is_whole(type) && !stated) return SparkplugMeaning{What::in, std::string(place)};
  if (same(last, "out") && is_whole(type) && !stated) return SparkplugMeaning{What::out, std::string(place)};
  if (same(last, "occupancy") && is_whole(type)) return SparkplugMeaning{What::level, std::string(place)};
  const bool truth = type == SparkplugType::boolean || type == SparkplugType::unknown;
  if (same(last, "occupied") && truth) return SparkplugMeaning{What::presence, std::string(place)};
  return std::nullopt;
}

}  // namespace lintel::bridge::decoders::envelopes
