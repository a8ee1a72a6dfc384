#include <algorithm>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/config/parts.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

/// "link:NAME" for a device that does not name itself, "link:NAME/slave 90" for a unit on a bus, else what
/// its payload states.
std::string identity(const Part& part, const Settings& settings, const std::vector<Link>& links,
                     Report& report) {
  const auto& serial = settings.text("serial");
  const auto& link = settings.text("link");
  if (!serial.empty() && !link.empty()) {
    report.problems.push_back(fmt::format(
        "{}: serial and link are both stated, keep the one that identifies the device", part.name));
    return {};
  }
  if (serial.empty() && link.empty()) {
    if (!settings.mentioned("serial") && !settings.mentioned("link")) {
      report.problems.push_back(
          fmt::format("{}: serial is missing, for example: serial = 6789C30012340001 (or link = "
                      "NAME for a device that does not name itself)",
                      part.name));
    } else {
      report.problems.push_back(
          fmt::format("{}: serial is empty, write what the device's payload calls itself", part.name));
    }
    return {};
  }
  const bool by_link = serial.empty() || serial.starts_with("link:");
  if (!by_link) return serial;
  const auto place = serial.empty() ? link : serial.substr(5);
  const auto name = place.substr(0, place.find('/'));
  std::vector<std::string_view> names;
  names.reserve(links.size());
  for (const auto& known : links) names.push_back(known.name);
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const auto* entry = settings.entry(serial.empty() ? "link" : "serial");
    report.problems.push_back(fmt::format("{} = \"{}\": links.d has no link of this name, {}", entry->label,
                                          entry->value, suggest(name, names)));
  }
  return "link:" + place;
}

/// The decoder of what an envelope carries; an envelope within an envelope is a mistake.
std::string payload(const Settings& settings, const Vocabulary& vocabulary, Report& report) {
  const auto& name = settings.text("payload");
  if (name.empty()) return {};
  std::vector<std::string_view> names;
  for (const auto& known : vocabulary.decoders) {
    if (!known.starts_with("envelope-")) names.push_back(known);
  }
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    const auto* entry = settings.entry("payload");
    const bool envelope = name.starts_with("envelope-");
    report.problems.push_back(
        fmt::format("{} = \"{}\": {}, {}", entry->label, entry->value,
                    envelope ? "an envelope is stated by the link, write here what it carries"
                             : "no decoder is called this",
                    suggest(name, names)));
  }
  return name;
}

std::string replaced(const Settings& settings, std::string_view serial, Report& report) {
  const auto& before = settings.text("replaces");
  if (!before.empty() && before == serial) {
    report.problems.push_back(
        fmt::format("{} = \"{}\": a device cannot replace itself, write the serial of the device before it",
                    settings.entry("replaces")->label, before));
  }
  return before;
}

void read_regions(const Settings& settings, Sensor& sensor, Report& report) {
  std::map<std::string, std::string, std::less<>> seen;
  for (const auto& entry : settings.entries("region")) {
    auto parsed = region(entry.value);
    if (!parsed) continue;
    const auto [first, fresh] = seen.emplace(parsed->region, entry.where);
    if (!fresh) {
      report.problems.push_back(fmt::format("{} = \"{}\": the region {} is described already in {}",
                                            entry.label, entry.value, parsed->region, first->second));
    }
    sensor.regions.push_back(std::move(*parsed));
  }
}

}  // namespace

std::optional<Sensor> read_sensor(const Part& part, const std::vector<Link>& links,
                                  const Vocabulary& vocabulary, Report& report) {
  const auto before = report.problems.size();
  Settings settings(sensor_keys(), report);
  settings.add(part.entries);
  Sensor sensor;
  sensor.file = part.file;
  sensor.serial = identity(part, settings, links, report);
  sensor.name = settings.text("name");
  sensor.replaces = replaced(settings, sensor.serial, report);
  sensor.invert = yes_or_no(settings.text("invert")).value_or(false);
  sensor.timezone = settings.text("timezone");
  const auto interval = whole_number(settings.text("expected_interval_seconds"), 0, INT64_MAX, "", "");
  sensor.expected_interval = std::chrono::seconds(interval.value_or(0));
  sensor.payload = payload(settings, vocabulary, report);
  sensor.pinned = yes_or_no(settings.text("pinned")).value_or(false);
  for (const auto* key : {"name", "invert", "timezone", "expected_interval_seconds"}) {
    if (settings.entry(key) != nullptr) sensor.stated.insert(key);
  }
  for (const auto& entry : settings.entries("line_name")) {
    if (auto named = named_key(entry.value)) sensor.line_names.insert(std::move(*named));
  }
  for (const auto& entry : settings.entries("region_name")) {
    if (auto named = named_key(entry.value)) sensor.region_names.insert(std::move(*named));
  }
  read_regions(settings, sensor, report);
  std::map<std::string, std::string, std::less<>> seen;
  for (const auto& entry : settings.entries("line")) {
    auto parsed = line(entry.value);
    if (!parsed) continue;
    const auto [first, fresh] = seen.emplace(parsed->first, entry.where);
    if (!fresh) {
      report.problems.push_back(fmt::format("{} = \"{}\": the line {} is described already in {}",
                                            entry.label, entry.value, parsed->first, first->second));
    }
    sensor.lines.emplace(std::move(*parsed));
  }
  return report.problems.size() == before ? std::optional(std::move(sensor)) : std::nullopt;
}

}  // namespace lintel::config
