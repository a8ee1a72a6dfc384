#include "gateway/setup/sections.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/config/values.hpp"
#include "gateway/setup/keys.hpp"

namespace lintel::setup {

namespace {

constexpr std::string_view kLink = "link ", kSensor = "sensor ";
constexpr const char* kTaken = "(taken)";

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
}

/// Shares the lines of a file out among its parts.
class Sorter {
 public:
  explicit Sorter(config::Report& report) : report_(report) {}

  Parts run(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
      const auto end = text.find('\n');
      take(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return std::move(parts_);
  }

 private:
  void take(std::string_view line) {
    ++line_;
    const auto text = config::trim(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') return;
    if (text.front() == '[') return header(text);
    if (refused_) return;
    if (part_ == nullptr) return problem("stands above the first section; begin with a line such as [card]");
    add(*part_, text);
  }

  void header(std::string_view line) {
    part_ = nullptr;
    refused_ = true;
    if (line.back() != ']') return problem("a section header ends with ], for example [card]");
    const auto name = config::trim(line.substr(1, line.size() - 2));
    const auto own = config::section_names(setup_keys());
    const auto gateway = config::section_names(config::gateway_keys());
    if (name.starts_with(kLink)) return named(parts_.links, name, kLink);
    if (name.starts_with(kSensor)) return named(parts_.sensors, name, kSensor);
    if (!contains(own, name) && !contains(gateway, name)) {
      auto known = own;
      known.insert(known.end(), gateway.begin(), gateway.end());
      known.insert(known.end(), {"link NAME", "sensor NAME"});
      return problem(fmt::format("[{}]: no such section, {}", name, config::suggest(name, known)));
    }
    part_ = contains(own, name) ? &parts_.own : &parts_.gateway;
    refused_ = false;
    add(*part_, line);
  }

  void named(std::map<std::string, std::string>& files, std::string_view header, std::string_view kind) {
    const auto name = config::trim(header.substr(kind.size()));
    if (!is_file_name(name)) {
      return problem(fmt::format("[{}]: its name is made of letters, digits, - and _", header));
    }
    const auto [file, fresh] = files.try_emplace(std::string(name));
    if (!fresh) return problem(fmt::format("[{}]: there is one already", header));
    part_ = &file->second;
    refused_ = false;
  }

  void add(std::string& part, std::string_view line) const {
    const auto lines = std::count(part.begin(), part.end(), '\n');
    part.append(static_cast<std::size_t>(line_ - 1 - lines), '\n');
    part += line;
    part += '\n';
  }

  void problem(const std::string& text) {
    report_.problems.push_back(fmt::format("{}:{}: {}", kFileName, line_, text));
  }

  config::Report& report_;
  Parts parts_;
  std::string* part_ = nullptr;
  std::ptrdiff_t line_ = 0;
  bool refused_ = false;
};

std::set<std::string, std::less<>> secret_keys() {
  std::set<std::string, std::less<>> names;
  for (const auto keys : {setup_keys(), config::gateway_keys(), config::mqtt_keys(), config::serial_keys(),
                          config::modbus_keys(), config::http_keys(), config::poll_keys()}) {
    for (const auto& key : keys)
      if (key.secret) names.emplace(key.name);
  }
  return names;
}

/// `key = value` without the value where it is a secret, and without user and password in an address.
std::string blotted(std::string_view line, const std::set<std::string, std::less<>>& secrets) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) {
    // A line that was not understood may be a secret that lost its key.
    const auto text = config::trim(line);
    const bool plain = text.empty() || text.front() == '#' || text.front() == ';' || text.front() == '[';
    return std::string(plain ? line : kTaken);
  }
  auto key = config::trim(line.substr(0, equals));
  while (!key.empty() && (key.front() == '#' || key.front() == ';' || key.front() == ' '))
    key.remove_prefix(1);
  if (secrets.contains(key)) return fmt::format("{} {}", line.substr(0, equals + 1), kTaken);
  auto text = std::string(line);
  const auto scheme = text.find("://", equals);
  const auto at = text.find('@', equals);
  if (scheme != std::string::npos && at != std::string::npos && at > scheme) {
    text.replace(scheme + 3, at - scheme - 3, kTaken);
  }
  const auto query = text.find('?', equals);
  if (scheme != std::string::npos && query != std::string::npos)
    text.replace(query + 1, std::string::npos, kTaken);
  return text;
}

}  // namespace

Parts parts_of(std::string_view text, config::Report& report) {
  return Sorter(report).run(text);
}

std::string without_secrets(std::string_view text) {
  const auto secrets = secret_keys();
  std::string result;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    result += blotted(line, secrets) + '\n';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return result;
}

}  // namespace lintel::setup
