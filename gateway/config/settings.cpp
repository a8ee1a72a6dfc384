#include "gateway/config/settings.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <boost/program_options/parsers.hpp>

#include "gateway/config/nearest.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

namespace po = boost::program_options;

std::string unknown_key(const Entry& entry, std::span<const Key> keys) {
  const auto siblings = key_names(keys, entry.section);
  if (nearest(entry.key, siblings).empty()) {
    for (const auto& key : keys) {
      if (key.name == entry.key)
        return fmt::format("{}: no such key here, it belongs to [{}]", entry.label, key.section);
    }
  }
  return fmt::format("{}: no such key, {}", entry.label, suggest(entry.key, siblings));
}

/// "line 4" inside one file, the full place elsewhere.
std::string place_seen_from(const Entry& here, const Entry& there) {
  const auto colon = there.where.rfind(':');
  if (colon == std::string::npos || here.where.substr(0, colon) != there.where.substr(0, colon))
    return there.where;
  return "line " + there.where.substr(colon + 1);
}

}  // namespace

std::string wrong_value(const Entry& entry, const Key& key, const std::string& expectation) {
  if (key.secret) return fmt::format("{}: {}", entry.label, expectation);
  const auto value = without_credentials(entry.value);
  std::string hint;
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    hint = " (without quotes)";
  } else if (value.find(" #") != std::string::npos || value.find(" ;") != std::string::npos) {
    hint = " (a comment needs a line of its own)";
  }
  return fmt::format("{} = \"{}\": {}{}", entry.label, value, expectation, hint);
}

Settings::Settings(std::span<const Key> keys, Report& report)
    : keys_(keys), report_(report), options_(describe(keys)) {
  po::store(po::parsed_options(&options_), values_);  // the defaults
}

const Key* Settings::accept(const Entry& entry, std::map<std::string, const Entry*, std::less<>>& earlier) {
  const auto* key = find_key(keys_, entry.section, entry.key);
  if (key == nullptr) {
    report_.problems.push_back(unknown_key(entry, keys_));
    return nullptr;
  }
  const auto name = key->full_name();
  mentioned_.insert(name);
  const auto [first, fresh] = earlier.emplace(name, &entry);
  if (!fresh && !key->repeatable) {
    report_.problems.push_back(
        fmt::format("{}: already set in {}", entry.label, place_seen_from(entry, *first->second)));
    return nullptr;
  }
  const auto expectation = key->check == nullptr ? std::nullopt : key->check(entry.value);
  if (expectation) {
    report_.problems.push_back(wrong_value(entry, *key, *expectation));
    return nullptr;
  }
  return key;
}

void Settings::add(const std::vector<Entry>& entries) {
  po::parsed_options parsed(&options_);
  std::map<std::string, const Entry*, std::less<>> earlier;
  for (const auto& entry : entries) {
    const auto* key = accept(entry, earlier);
    // An empty statement of a key that may repeat says "none", which is its default anyway.
    if (key == nullptr || (key->repeatable && entry.value.empty())) continue;
    const auto name = key->full_name();
    parsed.options.emplace_back(name, std::vector<std::string>{entry.value});
    if (key->repeatable || !stated_.contains(name)) stated_[name].push_back(entry);
  }
  po::store(parsed, values_);
}

const std::string& Settings::text(std::string_view name) const {
  return values_[std::string(name)].as<std::string>();
}

std::filesystem::path Settings::path(std::string_view name) const {
  const std::filesystem::path stated = text(name);
  const auto* source = entry(name);
  return stated.empty() || source == nullptr ? stated : (source->base / stated).lexically_normal();
}

const Entry* Settings::entry(std::string_view name) const {
  const auto found = stated_.find(name);
  return found == stated_.end() ? nullptr : &found->second.front();
}

const std::vector<Entry>& Settings::entries(std::string_view name) const {
  static const std::vector<Entry> kNone;
  const auto found = stated_.find(name);
  return found == stated_.end() ? kNone : found->second;
}

bool Settings::mentioned(std::string_view name) const {
  return mentioned_.contains(name);
}

}  // namespace lintel::config
