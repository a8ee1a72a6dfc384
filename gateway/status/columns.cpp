#include "gateway/status/columns.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/snapshot.hpp"

namespace lintel::status {

namespace {

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

}  // namespace

std::string Paint::operator()(const char* code, const std::string& text) const {
  return on ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}

std::string clean(std::string_view text) {
  const auto valid = nlohmann::json::parse(dump(nlohmann::json(text))).get<std::string>();
  std::string result;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    // C1 controls are U+0080 to U+009F: c2 80 to c2 9f.
    const bool c1 = byte == 0xc2 && i + 1 < valid.size() && static_cast<unsigned char>(valid[i + 1]) < 0xa0;
    if (c1) ++i;
    result += c1 || byte < 0x20 || byte == 0x7f ? ' ' : static_cast<char>(byte);
  }
  return result;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string fitted(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text) + std::string(width - columns(text), ' ');
  std::size_t end = 0, kept = 0;
  while (kept < width) {
    do ++end;
    while (end < text.size() && !begins_character(text[end]));
    if (++kept == width - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string wrapped(std::string_view first, std::string_view text) {
  const std::string indent(columns(first), ' ');
  std::string result, line(first);
  bool empty = true;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    if (!empty && columns(line) + 1 + columns(word) > kWidth) {
      result += line + "\n";
      line = indent;
      empty = true;
    }
    if (!empty) line += ' ';
    line += columns(word) > kWidth - indent.size() ? fitted(word, kWidth - indent.size()) : std::string(word);
    empty = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result + line + "\n";
}

}  // namespace lintel::status
