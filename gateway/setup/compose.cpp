#include "gateway/setup/compose.hpp"

#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "firmware-bridge/core/embedded.hpp"
#include "gateway/config/values.hpp"

namespace lintel::setup {

namespace {

struct Name {
  std::string_view section, key;
};

std::optional<Name> name_from(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return std::nullopt;
  return Name{text.substr(0, dot), text.substr(dot + 1)};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  return lines;
}

/// The section that a line begins; empty: none. One that is commented out begins none.
std::string_view section_in(std::string_view line) {
  const auto text = config::trim(line);
  if (!text.starts_with('[') || !text.ends_with(']')) return {};
  return config::trim(text.substr(1, text.size() - 2));
}

/// The key of `key = value`, also where it is commented out.
std::string_view key_in(std::string_view line, bool& comment) {
  auto text = config::trim(line);
  comment = text.starts_with('#');
  if (comment) text.remove_prefix(1);
  const auto equals = text.find('=');
  return equals == std::string_view::npos ? std::string_view() : config::trim(text.substr(0, equals));
}

}  // namespace

std::string_view blank() {
  return embedded::setup().front().bytes;
}

Result<std::string> stated(std::string_view text, std::string_view name, std::string_view value) {
  const auto wanted = name_from(name);
  if (!wanted) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{}: expected a section and a key, for example wifi.ssid", name));
  }
  if (value.find('\n') != std::string_view::npos)
    return fail(ErrorKind::misconfigured, fmt::format("{}: its value has more than one line", name));
  auto lines = lines_of(text);
  const auto line = fmt::format("{} = {}", wanted->key, value);
  std::size_t end = 0;  // behind the last line of the section that says something
  bool inside = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto section = section_in(lines[i]); !section.empty()) {
      inside = section == wanted->section;
      if (inside) end = i + 1;
      continue;
    }
    if (!inside) continue;
    bool comment = false;
    const auto key = key_in(lines[i], comment);
    if (key == wanted->key) {
      lines[i] = line;
      return fmt::format("{}\n", fmt::join(lines, "\n"));
    }
    if (!key.empty()) end = i + 1;
  }
  if (end == 0) {
    lines.push_back("");
    lines.push_back(fmt::format("[{}]", wanted->section));
    end = lines.size();
  }
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(end), line);
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string value_of(std::string_view text, std::string_view name) {
  const auto wanted = name_from(name);
  if (!wanted) return {};
  bool inside = false;
  for (const auto& line : lines_of(text)) {
    if (const auto section = section_in(line); !section.empty()) {
      inside = section == wanted->section;
      continue;
    }
    bool comment = false;
    if (inside && key_in(line, comment) == wanted->key && !comment)
      return std::string(config::trim(std::string_view(line).substr(line.find('=') + 1)));
  }
  return {};
}

}  // namespace lintel::setup
