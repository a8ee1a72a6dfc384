#include "firmware-bridge/decoders/irisys_register.hpp"

#include <optional>

namespace lintel::bridge::decoders {

namespace {

using Use = IrisysRegister::Use;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string result;
  for (const char c : text) result += lower(c);
  return result;
}

bool is_separator(char c) {
  return c == ' ' || c == '_' || c == '-' || c == '.' || c == '/' || c == ':';
}

/// What stands before a last word of this meaning: "MainEntrance" of "MainEntranceIn", "Door" of "Door_in".
/// Nothing where the name only ends in the same letters, as Cabin does.
std::optional<std::string> before_word(std::string_view name, std::string_view word) {
  if (name.size() < word.size() || lower(name.substr(name.size() - word.size())) != word) return std::nullopt;
  std::string_view rest = name.substr(0, name.size() - word.size());
  const char first = name[rest.size()];
  const bool apart = rest.empty() || is_separator(rest.back());
  const bool capital = first >= 'A' && first <= 'Z' && !rest.empty() && lower(rest.back()) == rest.back();
  if (!apart && !capital) return std::nullopt;
  while (!rest.empty() && is_separator(rest.back())) rest.remove_suffix(1);
  return std::string(rest);
}

/// "Line 1", as the device names its lines.
bool is_numbered_line(std::string_view name) {
  constexpr std::string_view kLine = "line";
  if (name.size() <= kLine.size() || lower(name.substr(0, kLine.size())) != kLine) return false;
  const std::string_view number = name.substr(name[kLine.size()] == ' ' ? kLine.size() + 1 : kLine.size());
  return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_no_line(std::string_view name) {
  const std::string text = lower(name);
  return text.starts_with("zone") || text.find("dwell") != std::string::npos ||
         text.find("exclude") != std::string::npos;
}

}  // namespace

IrisysRegister irisys_register(std::string_view name, const LineMap& lines) {
  for (const auto& [line, channels] : lines) {
    if (name == channels.in) return {Use::counts, line, false, false};
    if (name == channels.out) return {Use::counts, line, true, false};
  }
  if (!lines.empty() || is_no_line(name)) return {Use::nothing};
  if (auto line = before_word(name, "in")) return {Use::counts, std::move(*line), false, false};
  if (auto line = before_word(name, "out")) return {Use::counts, std::move(*line), true, false};
  if (is_numbered_line(name)) return {Use::counts, std::string(name), false, true};
  return {Use::unknown};
}

}  // namespace lintel::bridge::decoders
