// "90 91 100-103": the units of a Modbus bus.
#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

constexpr unsigned kMost = 247;  // the standard reserves those above, and 0 speaks to all

std::optional<unsigned> address(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 1 && value <= kMost ? std::optional(value) : std::nullopt;
}

}  // namespace

Parsed<std::vector<std::uint8_t>> bus_units(std::string_view text) {
  const auto wrong = tl::make_unexpected(
      fmt::format("expected the addresses of the units, 1 to {}, for example: 90 91 100-103", kMost));
  std::set<std::uint8_t> units;
  for (text = trim(text); !text.empty();) {
    const auto token = text.substr(0, text.find_first_of(" \t"));
    text = trim(text.substr(token.size()));
    const auto dash = std::min(token.find('-'), token.size());
    const auto first = address(token.substr(0, dash));
    const auto last = dash == token.size() ? first : address(token.substr(dash + 1));
    if (!first || !last || *first > *last) return wrong;
    for (unsigned unit = *first; unit <= *last; ++unit) {
      if (!units.insert(static_cast<std::uint8_t>(unit)).second)
        return tl::make_unexpected(fmt::format("{} stands there twice", unit));
    }
  }
  if (units.empty()) return wrong;
  return std::vector<std::uint8_t>(units.begin(), units.end());
}

}  // namespace lintel::config
