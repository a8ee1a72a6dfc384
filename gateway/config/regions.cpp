// `region = shop capacity=120 from=1,!S2/1`
#include <algorithm>

#include "gateway/config/values.hpp"

namespace lintel::config {

namespace {

constexpr std::size_t kLongestRegion = 64;
constexpr std::int64_t kMostPeople = 1'000'000;

auto wrong() {
  return tl::make_unexpected(
      std::string("expected a name, how many people it holds and the lines that lead into it, for example: "
                  "shop capacity=120 from=1,!S2/1"));
}

/// The line stands after the last slash: serials of units on a bus have one too.
Region::Line line_of(std::string_view text) {
  Region::Line line;
  if (text.starts_with('!')) {
    line.out_is_in = true;
    text.remove_prefix(1);
  }
  const auto slash = text.rfind('/');
  if (slash != std::string_view::npos) line.sensor = trim(text.substr(0, slash));
  line.line = trim(slash == std::string_view::npos ? text : text.substr(slash + 1));
  return line;
}

Parsed<std::vector<Region::Line>> lines_of(std::string_view text) {
  std::vector<Region::Line> lines;
  while (true) {
    const auto item = trim(text.substr(0, text.find(',')));
    if (item.empty() || item == "!") return wrong();
    auto line = line_of(item);
    const bool twice = std::any_of(lines.begin(), lines.end(), [&](const Region::Line& other) {
      return other.sensor == line.sensor && other.line == line.line;
    });
    if (twice)
      return tl::make_unexpected("expected each line once, " + std::string(item) + " stands there twice");
    lines.push_back(std::move(line));
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return lines;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Parsed<Region> region(std::string_view text) {
  Region region;
  bool named = false;
  while (!text.empty()) {
    const auto token = text.substr(0, text.find_first_of(" \t"));
    if (token.starts_with("from=")) {
      auto lines = lines_of(text.substr(5));
      if (!lines) return tl::make_unexpected(lines.error());
      region.from = std::move(*lines);
      break;
    }
    text = trim(text.substr(token.size()));
    if (token.starts_with("capacity=") && !region.capacity) {
      const auto people =
          whole_number(token.substr(9), 1, kMostPeople, "a capacity as a whole number", "120");
      if (!people) return tl::make_unexpected(people.error());
      region.capacity = *people;
    } else if (!named && token.find('=') == std::string_view::npos && token.size() <= kLongestRegion) {
      region.region = token;
      named = true;
    } else {
      return wrong();
    }
  }
  if (!named || (!region.capacity && region.from.empty())) return wrong();
  return region;
}

}  // namespace lintel::config
