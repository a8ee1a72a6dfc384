#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lintel::status {

/// What a terminal of this width shows is never cut.
inline constexpr std::size_t kWidth = 80;

/// Colours a text, where colour is wanted; `code` is an ANSI one, "31;1".
struct Paint {
  bool on = false;
  [[nodiscard]] std::string operator()(const char* code, const std::string& text) const;
};

/// Valid UTF-8 without control characters: fit for a terminal, whatever a device called itself.
std::string clean(std::string_view text);

/// How many columns it takes.
std::size_t columns(std::string_view text);

/// Exactly `width` columns, a longer text ends with an ellipsis.
std::string fitted(std::string_view text, std::size_t width);

/// Words broken into lines; the first begins with `first`, the others are indented as far.
std::string wrapped(std::string_view first, std::string_view text);

}  // namespace lintel::status
