#include "firmware-bridge/links/http_fields.hpp"

#include <algorithm>

namespace lintel::bridge::links {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMostParameters = 32;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Takes a quoted text, its quotes included, off the front of `rest`; nothing when it does not end.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string value;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return value;
    }
    if (rest[i] == '\\' && ++i == rest.size()) break;
    value += rest[i];
  }
  return std::nullopt;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::map<std::string, std::string, std::less<>>> parameters(std::string_view text,
                                                                          char separator) {
  std::map<std::string, std::string, std::less<>> result;
  for (auto rest = trimmed(text); !rest.empty(); rest = trimmed(rest)) {
    if (rest.front() == separator) {
      rest.remove_prefix(1);
      continue;
    }
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos || result.size() == kMostParameters) return std::nullopt;
    const auto key = lower_case(trimmed(rest.substr(0, equals)));
    rest = trimmed(rest.substr(equals + 1));
    std::optional<std::string> value;
    if (rest.starts_with('"')) {
      value = take_quoted(rest);
      if (!value) return std::nullopt;
      rest = trimmed(rest);
      if (!rest.empty() && rest.front() != separator) return std::nullopt;
    } else {
      const auto end = std::min(rest.find(separator), rest.size());
      value = std::string(trimmed(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    if (key.empty() || !result.emplace(key, std::move(*value)).second) return std::nullopt;
  }
  return result;
}

MediaType media_type(std::string_view field) {
  const auto end = std::min(field.find(';'), field.size());
  MediaType type{lower_case(trimmed(field.substr(0, end))), {}};
  if (!type.multipart()) return type;
  if (const auto stated = parameters(field.substr(end), ';')) {
    if (const auto found = stated->find("boundary"); found != stated->end()) type.boundary = found->second;
  }
  return type;
}

bool looks_like_picture(std::string_view bytes) {
  for (const auto magic : {"\xFF\xD8\xFF"sv, "\x89PNG"sv, "GIF8"sv, "RIFF"sv, "II*\0"sv, "MM\0*"sv}) {
    if (bytes.starts_with(magic)) return true;
  }
  return bytes.size() > 8 && bytes.substr(4, 4) == "ftyp";
}

}  // namespace lintel::bridge::links
