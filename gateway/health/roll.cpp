#include "gateway/health/roll.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/sensor_settings.hpp"

namespace lintel::health {

namespace {

/// A day is blind when a sensor was counting for less than this of what it usually does.
constexpr double kEnough = 0.8;

struct Seen {
  std::int64_t sensor = 0;
  std::string serial;
  UtcMs since{};  ///< another direction, or another device, before
};

/// When the last direction or device of before ended.
UtcMs changed_at(const nlohmann::json& metadata) {
  UtcMs since{};
  for (const auto& past : store::past_directions(metadata)) since = std::max(since, past.until);
  const auto devices = metadata.find("devices");
  if (devices == metadata.end() || !devices->is_array()) return since;
  for (const auto& device : *devices) {
    const auto until = device.is_object() ? device.find("until") : device.end();
    if (device.is_object() && until != device.end() && until->is_number_integer())
      since = std::max(since, utc_ms(until->get<std::int64_t>()));
  }
  return since;
}

std::vector<Seen> read_sensors(store::Database& db, std::vector<Door>& doors) {
  std::vector<Seen> seen;
  auto rows = db.prepare(
      "select id, serial, name, metadata from sensor_metadata where deleted_at is null "
      "and lifecycle not in ('completed', 'cancelled', 'archived') order by id");
  while (rows.step()) {
    seen.push_back(
        {rows.integer(0), std::string(rows.text(1)), changed_at(store::object_from(rows.text(3)))});
    doors.push_back({rows.integer(0), std::string(rows.text(2)), {}});
  }
  return seen;
}

/// Days on which the series of a sensor were counting for clearly less than usual. A sensor of which nobody
/// ever said when it was counting has none.
void find_blind_days(store::Database& db, const Hours& hours, UtcMs from, UtcMs now,
                     std::vector<Door>& doors) {
  std::map<std::int64_t, std::map<std::int64_t, Millis>> counted;
  std::map<std::int64_t, std::set<std::string>> series;
  auto rows = db.prepare(
      "select sensor_id, label, from_at, to_at from coverage "
      "where to_at > ? and state = 'counting' and regional = 0");
  rows.bind(count_ms(from));
  while (rows.step()) {
    series[rows.integer(0)].emplace(rows.text(1));
    auto& days = counted[rows.integer(0)];
    const UtcMs end = utc_ms(rows.integer(3));
    for (UtcMs at = std::max(utc_ms(rows.integer(2)), from); at < end;) {
      const UtcMs next =
          std::min<UtcMs>(end, std::chrono::floor<std::chrono::hours>(at) + std::chrono::hours{1});
      days[hours.day(at)] += next - at;
      at = next;
    }
  }
  for (auto& door : doors) {
    const auto found = counted.find(door.sensor);
    if (found == counted.end()) continue;
    std::vector<Millis> usual;
    for (const auto& [day, span] : found->second) usual.push_back(span);
    std::nth_element(usual.begin(), usual.begin() + static_cast<std::ptrdiff_t>(usual.size() / 2),
                     usual.end());
    const auto enough = kEnough * static_cast<double>(usual[usual.size() / 2].count());
    for (auto day = found->second.begin()->first; day < hours.day(now); ++day) {
      const auto span = found->second.find(day);
      if (span == found->second.end() || static_cast<double>(span->second.count()) < enough)
        door.blind_days.insert(day);
    }
  }
}

std::vector<ClosedSet> closed_sets(store::Database& db) {
  std::vector<ClosedSet> sets;
  auto row = db.prepare("select public_id, name, settings from stores where id = 1");
  std::string store_id;
  if (row.step()) {
    store_id = row.text(0);
    const auto settings = store::object_from(row.text(2));
    const auto said = settings.find("all_doors_counted");
    if (said != settings.end() && said->is_boolean() && said->get<bool>())
      sets.push_back({"store", std::string(row.text(1)), {}});
  }
  row.reset();
  for (auto& region : store::Regions(db, store_id).in_force())
    if (!region.from.empty())
      sets.push_back({fmt::format("{}/{}", region.serial, region.region), region.name, region.from});
  return sets;
}

/// 1: in is in; -1: the other way round; 0: the line is none of the set's.
int part_of(const ClosedSet& set, const Seen& sensor, std::string_view line) {
  if (set.lines.empty()) return 1;
  for (const auto& each : set.lines)
    if (each.sensor == sensor.serial && (each.line.empty() || each.line == line))
      return each.out_is_in ? -1 : 1;
  return 0;
}

bool blind(const ClosedSet& set, const std::vector<Seen>& sensors, const std::vector<Door>& doors,
           std::int64_t day) {
  for (std::size_t n = 0; n < doors.size(); ++n) {
    const bool member = set.lines.empty() ||
                        std::any_of(set.lines.begin(), set.lines.end(), [&](const store::CountedFrom& line) {
                          return line.sensor == sensors[n].serial;
                        });
    if (member && doors[n].blind_days.contains(day)) return true;
  }
  return false;
}

std::optional<std::int64_t> only_sensor(const ClosedSet& set, const std::vector<Seen>& sensors) {
  std::optional<std::int64_t> only;
  for (const auto& sensor : sensors) {
    const bool member = set.lines.empty() ||
                        std::any_of(set.lines.begin(), set.lines.end(), [&](const store::CountedFrom& line) {
                          return line.sensor == sensor.serial;
                        });
    if (!member) continue;
    if (only) return std::nullopt;
    only = sensor.sensor;
  }
  return only;
}

}  // namespace

Roll read_roll(store::Database& db, const Hours& hours, UtcMs from, UtcMs now) {
  Roll roll;
  const auto sensors = read_sensors(db, roll.doors);
  find_blind_days(db, hours, from, now, roll.doors);
  roll.sets = closed_sets(db);
  std::map<std::int64_t, std::size_t> places;
  for (std::size_t n = 0; n < sensors.size(); ++n) places[sensors[n].sensor] = n;
  auto rows = db.prepare(
      "select hour_at, sensor_id, line, count_in, count_out from hourly_analytics "
      "where hour_at >= ? and region = '' order by hour_at, store_id, sensor_id, line");
  rows.bind(count_ms(from));
  while (rows.step()) {
    const auto place = places.find(rows.integer(1));
    const UtcMs at = utc_ms(rows.integer(0));
    if (place == places.end() || at < sensors[place->second].since) continue;
    const auto in = rows.integer(3), out = rows.integer(4);
    auto& list = roll.doors[place->second].hours;
    if (list.empty() || list.back().at != at) list.push_back({at});
    list.back().in += in;
    list.back().out += out;
    for (auto& set : roll.sets) {
      const int way = part_of(set, sensors[place->second], rows.text(2));
      if (way == 0) continue;
      auto& day = set.days[hours.day(at)];
      day.in += way > 0 ? in : out;
      day.out += way > 0 ? out : in;
    }
  }
  for (auto& set : roll.sets) {
    set.only = only_sensor(set, sensors);
    std::erase_if(set.days, [&](const auto& day) { return blind(set, sensors, roll.doors, day.first); });
  }
  std::erase_if(roll.doors, [](const Door& door) { return door.hours.empty(); });
  return roll;
}

std::map<std::int64_t, std::vector<HourCount>> read_hours(store::Database& db, UtcMs from) {
  std::map<std::int64_t, std::vector<HourCount>> all;
  auto rows = db.prepare(
      "select hour_at, sensor_id, sum(count_in), sum(count_out) from hourly_analytics "
      "where hour_at >= ? and region = '' group by hour_at, store_id, sensor_id");
  rows.bind(count_ms(from));
  while (rows.step())
    all[rows.integer(1)].push_back({utc_ms(rows.integer(0)), rows.integer(2), rows.integer(3)});
  return all;
}

}  // namespace lintel::health
