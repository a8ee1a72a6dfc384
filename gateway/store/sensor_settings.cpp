#include "gateway/store/sensor_settings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::store {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestName = 128;
constexpr std::size_t kMostEntries = 64;
constexpr std::size_t kMostPast = 16;

/// Thrown inside this file; names the place and what was expected there.
struct Wrong {
  std::string message;
};

std::string text(const json& value, const std::string& place) {
  if (!value.is_string()) throw Wrong{place + ": expected a text"};
  const auto& bytes = value.get_ref<const std::string&>();
  const bool control =
      std::any_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (bytes.size() > kLongestName || control) {
    throw Wrong{fmt::format("{}: expected at most {} bytes without control characters", place, kLongestName)};
  }
  return bytes;
}

const json& object(const json& value, const std::string& place) {
  if (!value.is_object()) throw Wrong{place + ": expected an object"};
  if (value.size() > kMostEntries)
    throw Wrong{fmt::format("{}: expected at most {} entries", place, kMostEntries)};
  return value;
}

Names names(const json& value, const std::string& place) {
  Names result;
  for (const auto& [key, name] : object(value, place).items()) {
    result.emplace(text(json(key), place), text(name, place + "." + key));
  }
  return result;
}

bridge::LineMap lines(const json& value) {
  bridge::LineMap result;
  for (const auto& [key, channels] : object(value, "settings.lines").items()) {
    const auto place = "settings.lines." + key;
    bridge::ChannelMap map;
    for (const auto& [side, channel] : object(channels, place).items()) {
      if (side != "in" && side != "out")
        throw Wrong{fmt::format("{}: expected in and out, not {}", place, side)};
      (side == "in" ? map.in : map.out) = text(channel, place + "." + side);
    }
    if (map.in.empty() && map.out.empty()) throw Wrong{place + ": expected a channel for in or out"};
    result.emplace(text(json(key), "settings.lines"), std::move(map));
  }
  return result;
}

SensorSettings parse(const json& value) {
  SensorSettings result;
  for (const auto& [key, entry] : object(value, "settings").items()) {
    const auto place = "settings." + key;
    if (key == "invert") {
      if (!entry.is_boolean()) throw Wrong{place + ": expected true or false"};
      result.invert = entry.get<bool>();
    } else if (key == "timezone") {
      result.timezone = text(entry, place);
    } else if (key == "topic") {
      result.topic = text(entry, place);
    } else if (key == "expected_interval_seconds") {
      const bool whole = entry.is_number_unsigned() && entry.get<std::uint64_t>() <= 2'678'400;
      if (!whole) throw Wrong{place + ": expected whole seconds from 0 to 2678400"};
      result.expected_interval = std::chrono::seconds{entry.get<std::int64_t>()};
    } else if (key == "lines") {
      result.lines = lines(entry);
    } else if (key == "line_names") {
      result.line_names = names(entry, place);
    } else if (key == "region_names") {
      result.region_names = names(entry, place);
    }
  }
  return result;
}

/// One value by the rule of take_over(); `before` and `now` are HQ's, null where it says nothing.
bool merge(json& ours, json& metadata, const std::string& key, const json& before, const json& now) {
  if (ours == now) {
    if (!owes(metadata, key)) return false;
    std::erase(metadata["owed"].get_ref<json::array_t&>(), json(key));  // HQ has confirmed it
    return true;
  }
  if (now == before) return false;
  ours = now;
  if (owes(metadata, key)) std::erase(metadata["owed"].get_ref<json::array_t&>(), json(key));
  return true;
}

json member(const json& from, const std::string& key) {
  const auto found = from.is_object() ? from.find(key) : from.end();
  return from.is_object() && found != from.end() ? *found : json(nullptr);
}

bool merge_settings(SensorColumns& sensor, const json& before, const json& now) {
  bool changed = false;
  json keys = json::object();
  for (const auto* from : {&before, &now, &std::as_const(sensor.settings)}) {
    if (from->is_object()) keys.update(*from);
  }
  for (const auto& [key, ignored] : keys.items()) {
    auto ours = member(sensor.settings, key);
    if (!merge(ours, sensor.metadata, key, member(before, key), member(now, key))) continue;
    changed = true;
    if (ours.is_null()) {
      sensor.settings.erase(key);
    } else {
      sensor.settings[key] = ours;
    }
  }
  return changed;
}

bool merge_text(std::string& ours, json& metadata, const std::string& key, const json& before,
                const std::string& now) {
  json value(ours);
  const bool changed = merge(value, metadata, key, before, json(now));
  ours = value.get<std::string>();
  return changed;
}

}  // namespace

Result<SensorSettings> parse_settings(const json& settings) {
  try {
    return parse(settings);
  } catch (const Wrong& wrong) {
    return fail(ErrorKind::rejected, wrong.message);
  }
}

json object_from(std::string_view text) {
  auto value = json::parse(text, nullptr, false);
  return value.is_object() ? value : json::object();
}

std::vector<Pastime> past_directions(const json& metadata) {
  std::vector<Pastime> result;
  for (const auto& entry : member(metadata, "past")) {
    const auto until = member(entry, "until"), invert = member(entry, "invert");
    if (until.is_number_integer() && invert.is_boolean()) {
      result.push_back({utc_ms(until.get<std::int64_t>()), invert.get<bool>()});
    }
  }
  return result;
}

void note_direction(json& metadata, bool before, UtcMs until) {
  auto& past = metadata["past"];
  if (!past.is_array()) past = json::array();
  past.push_back({{"until", count_ms(until)}, {"invert", before}});
  if (past.size() > kMostPast) past.erase(past.begin());
}

std::vector<std::string> past_devices(const json& metadata) {
  std::vector<std::string> serials;
  const auto devices = member(metadata, "devices");
  if (!devices.is_array()) return serials;
  for (const auto& device : devices) {
    if (device.is_object() && device.contains("serial") && device["serial"].is_string())
      serials.push_back(device["serial"].get<std::string>());
  }
  return serials;
}

void note_device(json& metadata, std::string_view serial, UtcMs until) {
  auto& devices = metadata["devices"];
  if (!devices.is_array()) devices = json::array();
  devices.push_back({{"serial", serial}, {"until", count_ms(until)}});
}

void owe(json& metadata, std::string_view key) {
  if (owes(metadata, key)) return;
  auto& owed = metadata["owed"];
  if (!owed.is_array()) owed = json::array();
  owed.push_back(key);
}

bool owes(const json& metadata, std::string_view key) {
  const auto owed = member(metadata, "owed");
  return owed.is_array() && std::find(owed.begin(), owed.end(), json(key)) != owed.end();
}

bool take_over(SensorColumns& sensor, const HqSays& hq) {
  const json before = member(sensor.metadata, "hq");
  json said = before.is_object() ? before : json::object();
  bool changed = false;
  if (hq.name) {
    changed |= merge_text(sensor.name, sensor.metadata, "name", member(before, "name"), *hq.name);
    said["name"] = *hq.name;
  }
  if (hq.lifecycle) {
    if (*hq.lifecycle != "planning" || sensor.lifecycle != "active") {
      changed |= merge_text(sensor.lifecycle, sensor.metadata, "lifecycle", member(before, "lifecycle"),
                            *hq.lifecycle);
    }
    said["lifecycle"] = *hq.lifecycle;
  }
  if (hq.settings) {
    changed |= merge_settings(sensor, member(before, "settings"), *hq.settings);
    said["settings"] = *hq.settings;
  }
  if (said == before) return changed;
  sensor.metadata["hq"] = std::move(said);
  return true;
}

}  // namespace lintel::store
