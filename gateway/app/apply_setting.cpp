#include <fmt/format.h>

#include "gateway/app/administration.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/config/values.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr std::string_view kKeys[] = {"name", "invert",    "timezone",   "expected_interval_seconds",
                                      "line", "line_name", "region_name"};

template <typename T>
tl::unexpected<Error> wrong(const std::string& word, const config::Parsed<T>& parsed) {
  return fail(ErrorKind::misconfigured, fmt::format("{}: {}", word, parsed.error()));
}

json current(const json& settings, const char* key) {
  const auto found = settings.find(key);
  return found == settings.end() ? json(nullptr) : *found;
}

/// Puts a value under a key, null takes the key away; says so in `change` and to HQ.
void put(store::SensorColumns& columns, json& change, const char* key, json value) {
  change[key] = {current(columns.settings, key), value};
  store::owe(columns.metadata, key);
  if (value.is_null()) {
    columns.settings.erase(key);
  } else {
    columns.settings[key] = std::move(value);
  }
}

Result<void> put_line(const std::string& word, const std::string& value, const Mapping& mapping,
                      store::SensorColumns& columns, json& change) {
  const auto parsed = config::line(value);
  if (!parsed) return wrong(word, parsed);
  auto lines = current(columns.settings, "lines");
  if (lines.is_null()) {
    lines = json::object();
    for (const auto& [line, channels] : mapping.lines)
      lines[line] = {{"in", channels.in}, {"out", channels.out}};
  }
  auto& line = lines[parsed->first] = json::object();
  if (!parsed->second.in.empty()) line["in"] = parsed->second.in;
  if (!parsed->second.out.empty()) line["out"] = parsed->second.out;
  put(columns, change, "lines", std::move(lines));
  return {};
}

Result<void> put_name(const std::string& word, const std::string& value, const char* key,
                      store::SensorColumns& columns, json& change) {
  const auto equals = value.find('=');
  auto names = current(columns.settings, key);
  if (!names.is_object()) names = json::object();
  // "1=" takes the name of line 1 back.
  if (equals != std::string::npos && config::trim(std::string_view(value).substr(equals + 1)).empty()) {
    names.erase(std::string(config::trim(std::string_view(value).substr(0, equals))));
  } else {
    const auto parsed = config::named_key(value);
    if (!parsed) return wrong(word, parsed);
    names[parsed->first] = parsed->second;
  }
  put(columns, change, key, names.empty() ? json(nullptr) : std::move(names));
  return {};
}

Result<json> plain_value(const std::string& word, const std::string& key, const std::string& value) {
  if (key == "invert") {
    const auto parsed = config::yes_or_no(value);
    if (!parsed) return wrong(word, parsed);
    return json(*parsed);
  }
  if (key == "timezone") {
    const auto parsed = config::timezone(value);
    if (!parsed) return wrong(word, parsed);
    return json(*parsed);
  }
  const auto parsed = config::whole_number(value, 0, 2'678'400, "seconds", "60");
  if (!parsed) return wrong(word, parsed);
  return json(static_cast<std::uint64_t>(*parsed));
}

Result<void> rename(const std::string& word, const std::string& value, store::SensorColumns& columns,
                    json& change) {
  const auto parsed = config::some_text(value);
  if (!parsed) return wrong(word, parsed);
  change["name"] = {columns.name, *parsed};
  columns.name = *parsed;
  store::owe(columns.metadata, "name");
  return {};
}

}  // namespace

Result<void> apply_setting(const std::string& word, const Mapping& mapping, store::SensorColumns& columns,
                           json& change) {
  if (const auto odd = config::why_not_text(word)) return fail(ErrorKind::misconfigured, *odd);
  const auto equals = word.find('=');
  const auto key = word.substr(0, equals);
  if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) {
    return fail(ErrorKind::misconfigured,
                fmt::format("{} is no setting of a sensor, {}", key, config::suggest(key, kKeys)));
  }
  if (equals == std::string::npos) {
    return fail(ErrorKind::misconfigured, fmt::format("{}: expected {}=VALUE", word, key));
  }
  const auto value = std::string(config::trim(std::string_view(word).substr(equals + 1)));
  if (key == "name") return rename(word, value, columns, change);
  const char* column = key == "line"          ? "lines"
                       : key == "line_name"   ? "line_names"
                       : key == "region_name" ? "region_names"
                                              : nullptr;
  if (value.empty()) {
    put(columns, change, column != nullptr ? column : key.c_str(), nullptr);
    return {};
  }
  if (key == "line") return put_line(word, value, mapping, columns, change);
  if (column != nullptr) return put_name(word, value, column, columns, change);
  auto parsed = plain_value(word, key, value);
  if (!parsed) return tl::unexpected(parsed.error());
  put(columns, change, key.c_str(), std::move(*parsed));
  return {};
}

}  // namespace lintel::app
