#pragma once

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "firmware-bridge/core/time.hpp"

namespace lintel::test {

// Words of a timeline's script.

/// Takes the first word out of `rest`.
inline std::string word(std::string& rest) {
  const auto begin = rest.find_first_not_of(' ');
  if (begin == std::string::npos) return rest = {};
  const auto end = std::min(rest.find(' ', begin), rest.size());
  auto first = rest.substr(begin, end - begin);
  rest.erase(0, std::min(rest.find_first_not_of(' ', end), rest.size()));
  return first;
}

/// "90s", "5m", "3h", "2d", with a sign or without.
inline Millis span_of(const std::string& text) {
  const auto number = std::stoll(text);
  switch (text.back()) {
    case 's': return std::chrono::seconds{number};
    case 'm': return std::chrono::minutes{number};
    case 'h': return std::chrono::hours{number};
    case 'd': return std::chrono::days{number};
    default: throw std::invalid_argument("no span: " + text);
  }
}

inline bool is_time(const std::string& text) {
  return text.size() == 5 && text[2] == ':' && std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

/// "10:30" or "2d 10:30".
inline std::optional<Millis> time_of(std::string& line) {
  auto rest = line;
  auto first = word(rest);
  Millis day{0};
  if (first.size() >= 2 && first.back() == 'd' && std::isdigit(static_cast<unsigned char>(first[0])) != 0) {
    day = std::chrono::days{std::stoi(first) - 1};
    first = word(rest);
  }
  if (!is_time(first)) return std::nullopt;
  line = rest;
  return day + std::chrono::hours{std::stoi(first.substr(0, 2))} +
         std::chrono::minutes{std::stoi(first.substr(3))};
}

inline std::string stamp(Millis at) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(at).count();
  const auto day = minutes / 1440;
  const auto text = fmt::format("{:02}:{:02}", minutes % 1440 / 60, minutes % 60);
  return day == 0 ? text : fmt::format("{}d {}", day + 1, text);
}

inline std::string clean(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return std::string(line.substr(begin, line.find_last_not_of(' ') - begin + 1));
}

}  // namespace lintel::test
