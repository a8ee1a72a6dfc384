#include "schema/tools/call.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ostream>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/core/embedded.hpp"
#include "gateway/cli/options.hpp"

namespace lintel::hq {

Result<std::optional<std::string>> Call::option(std::string_view name) {
  return cli::take_option(words, name);
}

Result<long> Call::number(std::string_view name, long otherwise) {
  auto text = option(name);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return otherwise;
  long value = 0;
  const auto& digits = **text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0)
    return fail(ErrorKind::misconfigured, fmt::format("{} {}: a whole number is wanted", name, digits));
  return value;
}

bool Call::flag(std::string_view name) {
  return std::erase(words, std::string(name)) > 0;
}

std::optional<std::string> Call::word() {
  const auto found = std::find_if(words.begin(), words.end(),
                                  [](const std::string& word) { return !word.starts_with("--"); });
  if (found == words.end()) return std::nullopt;
  auto word = *found;
  words.erase(found);
  return word;
}

Result<void> Call::done() const {
  if (words.empty()) return {};
  return fail(ErrorKind::misconfigured, fmt::format("unexpected argument \"{}\"", words.front()));
}

void Call::note(std::string_view text) const {
  err << "lintel-hq: " << text << '\n';
}

void Call::print(const nlohmann::json& document) const {
  out << document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

std::vector<Query> queries(std::string_view folder) {
  std::vector<Query> found;
  const auto prefix = fmt::format("sql/{}/", folder);
  for (const auto& file : embedded::hq_queries()) {
    if (!file.path.starts_with(prefix)) continue;
    auto name = file.path.substr(prefix.size());
    name.remove_suffix(std::string_view(".sql").size());
    found.push_back({name, file.bytes});
  }
  std::sort(found.begin(), found.end(), [](const Query& a, const Query& b) { return a.name < b.name; });
  return found;
}

std::string_view query(std::string_view name) {
  for (const auto& file : embedded::hq_queries()) {
    if (file.path == fmt::format("sql/{}", name)) return file.bytes;
  }
  fmt::print(stderr, "lintel-hq: {} is not built in\n", name);
  std::abort();
}

namespace {

/// Columns a text takes on a terminal: bytes that begin a character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  std::string kept;
  std::size_t columns = 0;
  for (const char c : text) {
    if ((c & 0xC0) != 0x80 && ++columns >= width) break;
    kept += c;
  }
  return kept + "…";
}

}  // namespace

std::string to_text(const Table& table) {
  constexpr std::size_t kWidth = 80, kLeast = 8;
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    auto width = width_of(table.columns[c]);
    for (const auto& row : table.rows) width = std::max(width, width_of(row[c].value_or("-")));
    widths.push_back(width);
  }
  const auto total = [&] {
    std::size_t sum = 2 * (widths.empty() ? 0 : widths.size() - 1);
    for (const auto width : widths) sum += width;
    return sum;
  };
  while (total() > kWidth) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kLeast) break;
    --*widest;
  }
  std::string text;
  const auto line = [&](const auto& cell) {
    std::string row;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const auto shown = cut(cell(c), widths[c]);
      row += shown;
      if (c + 1 < widths.size()) row += std::string(widths[c] - width_of(shown) + 2, ' ');
    }
    while (!row.empty() && row.back() == ' ') row.pop_back();
    text += row + '\n';
  };
  line([&](std::size_t c) { return std::string_view(table.columns[c]); });
  for (const auto& row : table.rows)
    line([&](std::size_t c) { return row[c] ? std::string_view(*row[c]) : std::string_view("-"); });
  return text;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::string lines, line;
  const std::string blanks(indent, ' ');
  const auto flush = [&] {
    if (!line.empty()) lines += blanks + line + '\n';
    line.clear();
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find_first_of(" \n", at), text.size());
    const auto word = text.substr(at, end - at);
    if (!line.empty() && indent + width_of(line) + 1 + width_of(word) > width) flush();
    if (!word.empty()) line += (line.empty() ? "" : " ") + std::string(word);
    if (end < text.size() && text[end] == '\n') flush();
    at = end + 1;
  }
  flush();
  return lines;
}

std::string size_text(std::int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes)
                   : fmt::format("{:.{}f} {}", value, value < 10 ? 1 : 0, kUnits[unit]);
}

std::string now_text() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

}  // namespace lintel::hq
