#include "gateway/app/mapping.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lintel::app {

namespace {

using nlohmann::json;

json in_force(const Mapping& mapping) {
  auto lines = json::object();
  for (const auto& [line, channels] : mapping.lines) {
    lines[line] = {{"in", channels.in}, {"out", channels.out}};
  }
  return {{"invert", mapping.invert},
          {"lines", std::move(lines)},
          {"line_names", mapping.line_names},
          {"region_names", mapping.region_names}};
}

bridge::LineMap lines_of(const json& in_force) {
  const auto lines = in_force.find("lines");
  if (lines == in_force.end()) return {};
  const auto parsed = store::parse_settings({{"lines", *lines}});
  return parsed && parsed->lines ? *parsed->lines : bridge::LineMap{};
}

/// The last total of a channel, and when.
struct Channel {
  std::optional<std::int64_t> total;
  UtcMs at{};
};

std::map<std::string, Channel> channels_of(const bridge::LineMap& lines, std::int64_t sensor,
                                           counting::SeriesStates& series) {
  std::map<std::string, Channel> channels;
  for (const auto& [line, map] : lines) {
    const auto& state = series.of(sensor, line);
    if (!map.in.empty()) channels[map.in] = {state.in.total, state.total_at};
    if (!map.out.empty()) channels[map.out] = {state.out.total, state.total_at};
  }
  return channels;
}

void move_totals(const bridge::LineMap& before, const bridge::LineMap& now, std::int64_t sensor,
                 counting::SeriesStates& series) {
  const auto channels = channels_of(before, sensor, series);
  const auto total = [&](const std::string& name) {
    const auto found = channels.find(name);
    return found == channels.end() ? Channel{} : found->second;
  };
  for (const auto& [line, map] : now) {
    const auto old = before.find(line);
    if (old != before.end() && old->second.in == map.in && old->second.out == map.out) continue;
    auto& state = series.of(sensor, line);
    const auto in = total(map.in), out = total(map.out);
    state.in = {in.total};
    state.out = {out.total};
    state.total_at = std::max(in.at, out.at);
    state.zero_at = {};
    ++state.jumps;
  }
}

/// HQ's own name holds; one that it only repeats after sensors.d does not.
bool file_names_it(const config::Sensor& file, const store::Sensor* sensor) {
  if (file.name.empty()) return false;
  if (sensor == nullptr || file.pinned) return true;
  if (store::owes(sensor->metadata, "name")) return false;
  const auto hq = sensor->metadata.find("hq");
  if (hq == sensor->metadata.end() || !hq->is_object() || !hq->contains("name")) return true;
  return (*hq)["name"] == sensor->metadata.value("file_name", std::string()) ||
         (*hq)["name"] == sensor->serial;
}

}  // namespace

bool Mapping::inverted_at(UtcMs end) const {
  for (const auto& before : past) {
    if (end < before.until) return before.invert;
  }
  return invert;
}

Mapping mapping_of(const config::Sensor* file, const store::Sensor* sensor) {
  Mapping mapping;
  store::SensorSettings said;
  if (sensor != nullptr) {
    said = store::parse_settings(sensor->settings).value_or(store::SensorSettings{});
    mapping.past = store::past_directions(sensor->metadata);
  }
  const config::Sensor none;
  const config::Sensor& written = file == nullptr ? none : *file;
  const auto holds = [&](const char* key) { return written.pinned && written.stated.contains(key); };
  if (file_names_it(written, sensor)) mapping.name = written.name;
  mapping.invert = holds("invert") ? written.invert : said.invert.value_or(written.invert);
  mapping.timezone = holds("timezone") || said.timezone.empty() ? written.timezone : said.timezone;
  mapping.expected_interval = holds("expected_interval_seconds") || said.expected_interval.count() == 0
                                  ? written.expected_interval
                                  : said.expected_interval;
  mapping.lines = written.lines;
  if (said.lines && !(written.pinned && !written.lines.empty())) mapping.lines = *said.lines;
  const auto merge = [&](const store::Names& from_file, const store::Names& from_store) {
    auto names = written.pinned ? from_file : from_store;
    const auto& rest = written.pinned ? from_store : from_file;
    names.insert(rest.begin(), rest.end());
    return names;
  };
  mapping.line_names = merge(written.line_names, said.line_names);
  mapping.region_names = merge(written.region_names, said.region_names);
  return mapping;
}

bool change_devices(const std::vector<config::Sensor>& files, store::Sensors& sensors,
                    counting::SeriesStates& series, UtcMs now) {
  bool changed = false;
  for (const auto& file : files) {
    auto* door = file.replaces.empty() ? nullptr : sensors.find(file.replaces);
    if (door == nullptr) continue;  // done before, or never heard
    std::int64_t own = 0;
    if (auto* meanwhile = sensors.find(file.serial)) {
      own = meanwhile->id;
      auto& aside = sensors.change_device(*meanwhile, fmt::format("{}@{}", file.serial, own), now);
      auto columns = store::Sensors::columns_of(aside);
      columns.lifecycle = "archived";
      sensors.configure(aside, columns, now, nullptr);
    }
    series.change_device(door->id, own);
    sensors.change_device(*door, file.serial, now);
    changed = true;
  }
  return changed;
}

std::string successor(const std::vector<config::Sensor>& files, store::Sensors& sensors,
                      std::string_view serial) {
  if (sensors.find(serial) != nullptr) return {};
  const auto file = std::find_if(files.begin(), files.end(),
                                 [&](const config::Sensor& other) { return other.replaces == serial; });
  return file != files.end() ? file->serial : sensors.successor(serial);
}

std::vector<store::RegionInFile> regions_of(const config::Config& config) {
  std::vector<store::RegionInFile> regions;
  for (const auto& sensor : config.sensors) {
    for (const auto& stated : sensor.regions) {
      store::RegionInFile region{sensor.serial, stated.region, {}, stated.capacity, {}, sensor.pinned};
      const auto name = sensor.region_names.find(stated.region);
      if (name != sensor.region_names.end()) region.name = name->second;
      for (const auto& line : stated.from) {
        region.from.push_back({line.sensor.empty() ? sensor.serial : line.sensor, line.line, line.out_is_in});
      }
      regions.push_back(std::move(region));
    }
  }
  return regions;
}

bool settle(store::Sensors& sensors, store::Sensor& sensor, const config::Sensor* file,
            const Mapping& mapping, counting::SeriesStates& series, UtcMs now, bool tell) {
  auto columns = store::Sensors::columns_of(sensor);
  const auto force = in_force(mapping);
  const auto known = columns.metadata.find("in_force");
  const bool first = known == columns.metadata.end() || !known->is_object();
  // A sensor that has not counted yet has nothing that could turn around.
  const bool fresh = first && series.lines_of(sensor.id).empty();
  json before = fresh ? force : first ? json{{"invert", false}, {"lines", force["lines"]}} : *known;
  const auto file_name = file == nullptr ? std::string() : file->name;
  const bool named = !mapping.name.empty() && mapping.name != columns.name;
  const bool same_file = columns.metadata.value("file_name", std::string()) == file_name;
  if (!first && !named && same_file && before == force) return false;

  auto change = json::object();
  if (named) {
    change["name"] = {columns.name, mapping.name};
    columns.name = mapping.name;
  }
  if (!same_file) columns.metadata["file_name"] = file_name;
  if (before["invert"] != force["invert"]) {
    const auto was = before["invert"] == true;
    store::note_direction(columns.metadata, was, now);
    change["invert"] = {was, mapping.invert};
  }
  if (before["lines"] != force["lines"]) {
    move_totals(lines_of(before), mapping.lines, sensor.id, series);
    change["lines"] = {before["lines"], force["lines"]};
  }
  for (const char* key : {"line_names", "region_names"}) {
    const auto was = before.value(key, json::object());
    if (was != force[key]) change[key] = {was, force[key]};
  }
  columns.metadata["in_force"] = force;
  sensors.configure(sensor, columns, now, change.empty() || !tell ? json(nullptr) : change);
  return true;
}

}  // namespace lintel::app
