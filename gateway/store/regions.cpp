#include "gateway/store/regions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"
#include "gateway/store/sensor_settings.hpp"

namespace lintel::store {

namespace {

using nlohmann::json;

constexpr std::size_t kMostLines = 64;
constexpr std::size_t kLongestName = 128;

tl::unexpected<Error> wrong(std::size_t at, std::string_view what) {
  return fail(ErrorKind::rejected, fmt::format("settings.counted_from[{}]: {}", at, what));
}

Result<CountedFrom> line_of(const json& entry, std::size_t at) {
  if (!entry.is_object()) return wrong(at, "is no object with sensor and line");
  CountedFrom line;
  for (const auto& [key, value] : entry.items()) {
    const bool text = value.is_string() && value.get_ref<const std::string&>().size() <= kLongestName;
    if (key == "sensor" && text && !value.get_ref<const std::string&>().empty()) {
      line.sensor = value.get<std::string>();
    } else if (key == "line" && text) {
      line.line = value.get<std::string>();
    } else if (key == "out_is_in" && value.is_boolean()) {
      line.out_is_in = value.get<bool>();
    } else {
      return wrong(at, fmt::format("{} is not sensor (the serial of a device), line (a text) or out_is_in "
                                   "(true or false)",
                                   key));
    }
  }
  if (line.sensor.empty()) return wrong(at, "sensor is missing, the serial of the device that counts there");
  return line;
}

json settings_of(const RegionInFile& file) {
  return file.from.empty() ? json::object() : json{{"counted_from", counted_from_json(file.from)}};
}

std::string name_of(const RegionInFile& file) {
  return !file.name.empty() ? file.name : file.region.empty() ? file.serial : file.region;
}

}  // namespace

Result<std::vector<CountedFrom>> counted_from(const json& settings) {
  std::vector<CountedFrom> lines;
  const auto found = settings.find("counted_from");
  if (found == settings.end()) return lines;
  if (!found->is_array() || found->empty() || found->size() > kMostLines) {
    return fail(ErrorKind::rejected,
                fmt::format("settings.counted_from: is no list of 1 to {} lines", kMostLines));
  }
  for (std::size_t at = 0; at < found->size(); ++at) {
    auto line = line_of((*found)[at], at);
    if (!line) return tl::unexpected(line.error());
    const bool twice = std::any_of(lines.begin(), lines.end(), [&](const CountedFrom& other) {
      return other.sensor == line->sensor && other.line == line->line;
    });
    if (twice) return wrong(at, "names a line that stands before it already");
    lines.push_back(std::move(*line));
  }
  return lines;
}

json counted_from_json(const std::vector<CountedFrom>& lines) {
  auto list = json::array();
  for (const auto& line : lines) {
    json entry{{"sensor", line.sensor}, {"line", line.line}};
    if (line.out_is_in) entry["out_is_in"] = true;
    list.push_back(std::move(entry));
  }
  return list;
}

Regions::Regions(Database& db, std::string store_public_id)
    : db_(db),
      store_public_id_(std::move(store_public_id)),
      replace_(db.prepare("delete from occupancy_periods where sensor_id = ? and region = ? and from_at < ? "
                          "and to_at > ? and from_at <> ?")),
      drift_(db.prepare(
          "insert into occupancy_periods (sensor_id, region, from_at, to_at, day, below_zero, left_over, "
          "uncertain) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set to_at = excluded.to_at, "
          "day = excluded.day, below_zero = excluded.below_zero, left_over = excluded.left_over, "
          "uncertain = excluded.uncertain")),
      forget_(db.prepare("delete from occupancy_periods where sensor_id = ? and region = ? and to_at < ?")) {}

void Regions::write(const RegionInFile& file, std::int64_t sensor, UtcMs now) {
  auto select = db_.prepare(
      "select id, metadata from region_configurations where store_id = 1 and sensor_id = ? and region = ?");
  select.bind(sensor, file.region);
  if (!select.step()) {
    db_.prepare(
           "insert into region_configurations (organization_id, store_id, sensor_id, public_id, region, "
           "name, "
           "capacity, settings, metadata, created_at, updated_at) "
           "values (1, 1, ?, ?, ?, ?, ?, ?, '{\"file\":true}', ?, ?)")
        .bind(sensor, named_uuid(store_public_id_, fmt::format("region:{}/{}", file.serial, file.region)),
              file.region, name_of(file), file.capacity, settings_of(file).dump(), count_ms(now),
              count_ms(now))
        .run();
    return;
  }
  const auto id = select.integer(0);
  auto metadata = object_from(select.text(1));
  select.reset();
  if (metadata.value("file", false)) {
    db_.prepare(
           "update region_configurations set name = ?, capacity = ?, settings = ?, updated_at = ? "
           "where id = ?")
        .bind(name_of(file), file.capacity, settings_of(file).dump(), count_ms(now), id)
        .run();
  } else if (file.pinned) {
    metadata["in_force"] = {{"name", name_of(file)},
                            {"capacity", file.capacity ? json(*file.capacity) : json(nullptr)},
                            {"settings", settings_of(file)}};
    db_.prepare("update region_configurations set metadata = ? where id = ?").bind(metadata.dump(), id).run();
  }
}

void Regions::settle(const std::vector<RegionInFile>& files, UtcMs now) {
  // What files said before goes first: they may say nothing of it any more.
  db_.execute(
      "update region_configurations set metadata = json_remove(metadata, '$.in_force') "
      "where json_extract(metadata, '$.in_force') is not null");
  std::vector<std::int64_t> gone;
  auto rows = db_.prepare(
      "select r.id, m.serial, r.region from region_configurations r join sensor_metadata m on m.id = "
      "r.sensor_id "
      "where json_extract(r.metadata, '$.file')");
  while (rows.step()) {
    const bool stated = std::any_of(files.begin(), files.end(), [&](const RegionInFile& file) {
      return file.serial == rows.text(1) && file.region == rows.text(2);
    });
    if (!stated) gone.push_back(rows.integer(0));
  }
  for (const auto id : gone) {
    db_.prepare("delete from region_configurations where id = ?").bind(id).run();
  }
  auto sensor = db_.prepare("select id from sensor_metadata where serial = ?");
  for (const auto& file : files) {
    sensor.bind(file.serial);
    if (!sensor.step()) continue;  // not heard yet: it is settled when it is
    const auto id = sensor.integer(0);
    sensor.reset();
    write(file, id, now);
  }
}

std::vector<Region> Regions::in_force() {
  std::vector<Region> regions;
  auto rows = db_.prepare(
      "select r.sensor_id, m.serial, r.public_id, r.region, r.name, r.capacity, r.settings, r.metadata "
      "from region_configurations r join sensor_metadata m on m.id = r.sensor_id "
      "where r.deleted_at is null and m.deleted_at is null "
      "and r.lifecycle not in ('completed', 'cancelled', 'archived') order by r.sensor_id, r.region");
  while (rows.step()) {
    Region region{rows.integer(0),
                  std::string(rows.text(1)),
                  std::string(rows.text(2)),
                  std::string(rows.text(3)),
                  std::string(rows.text(4)),
                  rows.maybe_integer(5),
                  {}};
    auto settings = object_from(rows.text(6));
    if (const auto metadata = object_from(rows.text(7)); metadata.contains("in_force")) {
      const auto& force = metadata["in_force"];
      region.name = force.value("name", region.name);
      region.capacity = std::nullopt;
      if (force.contains("capacity") && force["capacity"].is_number_integer())
        region.capacity = force["capacity"].get<std::int64_t>();
      settings = force.value("settings", json::object());
    }
    region.from = counted_from(settings).value_or(std::vector<CountedFrom>{});
    regions.push_back(std::move(region));
  }
  return regions;
}

void Regions::keep(std::int64_t sensor, std::string_view region, const OccupancyDrift& drift) {
  replace_.bind(sensor, region, count_ms(drift.to), count_ms(drift.from), count_ms(drift.from)).run();
  drift_
      .bind(sensor, region, count_ms(drift.from), count_ms(drift.to), drift.day, drift.below_zero,
            drift.left_over, drift.uncertain)
      .run();
  forget_.bind(sensor, region, count_ms(drift.to - kKept)).run();
}

std::optional<OccupancyDrift> Regions::unfinished(std::int64_t sensor, std::string_view region, UtcMs by) {
  auto row = db_.prepare(
      "select from_at, to_at, day, below_zero, uncertain from occupancy_periods where sensor_id = ? "
      "and region = ? and to_at <= ? and left_over is null order by from_at desc limit 1");
  row.bind(sensor, region, count_ms(by));
  if (!row.step()) return std::nullopt;
  return OccupancyDrift{utc_ms(row.integer(0)), utc_ms(row.integer(1)), row.integer(2),
                        row.integer(3),         std::nullopt,           row.integer(4) != 0};
}

}  // namespace lintel::store
