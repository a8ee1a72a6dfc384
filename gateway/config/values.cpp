#include "gateway/config/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace lintel::config {
namespace {

tl::unexpected<std::string> expected(std::string text) {
  return tl::make_unexpected("expected " + std::move(text));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Length of the UTF-8 sequence that starts here; 0 when there is none.
std::size_t sequence_length(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(bytes[i]) & 0xC0) != 0x80) return 0;
  }
  if (length < 3) return length;
  const auto second = static_cast<unsigned char>(bytes[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
  return overlong || beyond ? 0 : length;
}

/// "60" rather than "60.0", "0.5" rather than "0.500".
std::string in_seconds(std::chrono::milliseconds time) {
  return fmt::format("{}", static_cast<double>(time.count()) / 1000);
}

}  // namespace

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::optional<std::string> why_not_text(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    return "this is UTF-16, save the file as UTF-8";
  for (auto rest = bytes; !rest.empty();) {
    const auto c = static_cast<unsigned char>(rest.front());
    if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F)
      return "holds bytes that are no text, is this the right file?";
    const auto length = sequence_length(rest);
    if (length == 0) return "holds bytes that are not UTF-8, save the file as UTF-8 text";
    rest.remove_prefix(length);
  }
  return std::nullopt;
}

Parsed<std::int64_t> whole_number(std::string_view text, std::int64_t least, std::int64_t most,
                                  std::string_view what, std::string_view example) {
  const auto value = number<std::int64_t>(text);
  if (!value) return expected(fmt::format("{}, for example {}", what, example));
  if (*value < least || *value > most) return expected(fmt::format("{} from {} to {}", what, least, most));
  return *value;
}

Parsed<std::chrono::milliseconds> seconds(std::string_view text, std::chrono::milliseconds least,
                                          std::chrono::milliseconds most) {
  const auto value = number<double>(text);
  if (!value || !std::isfinite(*value)) return expected("a number of seconds, for example 60");
  const auto limit = [](std::chrono::milliseconds bound) {
    return static_cast<double>(bound.count()) / 1000;
  };
  if (*value < limit(least) || *value > limit(most)) {
    return expected(fmt::format("a number of seconds from {} to {}", in_seconds(least), in_seconds(most)));
  }
  return std::chrono::milliseconds(std::llround(*value * 1000));
}

Parsed<bool> yes_or_no(std::string_view text) {
  if (text == "yes" || text == "true" || text == "on" || text == "1") return true;
  if (text == "no" || text == "false" || text == "off" || text == "0") return false;
  return expected("yes or no");
}

Parsed<std::string> uuid(std::string_view text) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char c, char shape) { return shape == 'x' ? is_hex(c) : c == shape; };
  if (!std::equal(text.begin(), text.end(), kShape.begin(), kShape.end(), fits)) {
    return expected("a uuid as HQ states it, for example 7b0e3a52-95c1-4f0e-8d1c-2a6f4c1b9e10");
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

Parsed<int> minute_of_day(std::string_view text) {
  const auto wrong = expected("a time of day from 00:00 to 23:59, for example 04:00");
  if (text.size() != 5 || text[2] != ':' || !is_digit(text[0]) || !is_digit(text[3])) return wrong;
  const auto hour = number<int>(text.substr(0, 2));
  const auto minute = number<int>(text.substr(3, 2));
  if (!hour || !minute || *hour > 23 || *minute > 59) return wrong;
  return *hour * 60 + *minute;
}

Parsed<std::string> some_text(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  if (text.empty() || text.size() > kLongest) return expected("a text of 1 to 200 bytes");
  return std::string(text);
}

Parsed<std::string> word(std::string_view text) {
  const auto fits = [](char c) { return c > ' ' && c < 0x7F; };
  if (!std::all_of(text.begin(), text.end(), fits))
    return expected("one word of ASCII letters, digits and signs");
  return std::string(text);
}

Parsed<std::string> serial_format(std::string_view text) {
  const bool fits = text.size() == 3 && text[0] >= '5' && text[0] <= '8' &&
                    std::string_view("NEO").find(text[1]) != std::string_view::npos &&
                    (text[2] == '1' || text[2] == '2');
  if (!fits) return expected("data bits 5 to 8, parity N, E or O, and stop bits 1 or 2, for example 8N1");
  return std::string(text);
}

Parsed<std::pair<std::string, bridge::ChannelMap>> line(std::string_view text) {
  const auto wrong = expected("a name and its channels, for example: door in=C1 out=C2");
  std::string name;
  bridge::ChannelMap channels;
  while (!text.empty()) {
    const auto token = text.substr(0, text.find_first_of(" \t"));
    text = trim(text.substr(token.size()));
    const auto equals = token.find('=');
    if (equals == std::string_view::npos) {
      if (!name.empty()) return wrong;
      name = token;
      continue;
    }
    const auto key = token.substr(0, equals);
    const auto value = token.substr(equals + 1);
    if (value.empty() || (key != "in" && key != "out")) return wrong;
    auto& channel = key == "in" ? channels.in : channels.out;
    if (!channel.empty()) return wrong;
    channel = value;
  }
  if (name.empty() || (channels.in.empty() && channels.out.empty())) return wrong;
  if (channels.in == channels.out) return expected("two different channels for in and out");
  return std::pair{std::move(name), std::move(channels)};
}

Parsed<std::pair<std::string, std::string>> named_key(std::string_view text) {
  const auto equals = text.find('=');
  if (equals != std::string_view::npos) {
    const auto key = trim(text.substr(0, equals)), name = trim(text.substr(equals + 1));
    if (!key.empty() && !name.empty() && key.size() <= 64 && name.size() <= 128) {
      return std::pair{std::string(key), std::string(name)};
    }
  }
  return expected("a key and a name, for example: 1 = Main door");
}

}  // namespace lintel::config
