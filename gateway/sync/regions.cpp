#include "gateway/sync/regions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/regions.hpp"
#include "gateway/store/sensor_settings.hpp"

namespace lintel::sync {

namespace {

using nlohmann::json;

constexpr std::size_t kLongestName = 200;
constexpr std::int64_t kMostPeople = 2'147'483'647;
constexpr int kMostRegions = 50;

tl::unexpected<Error> wrong(std::string what) {
  return fail(ErrorKind::rejected, std::move(what));
}

/// Empty where it is missing.
Result<std::string> text_at(const json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || found->is_null()) return std::string();
  if (!found->is_string() || found->get_ref<const std::string&>().size() > 4 * kLongestName)
    return wrong(fmt::format("\"config.regions.{}\" is not a text", key));
  return found->get<std::string>();
}

Result<std::string> settings_of(const json& entry, const std::string& name) {
  const auto found = entry.find("settings");
  if (found == entry.end() || found->is_null()) return std::string("{}");
  if (!found->is_object()) return wrong(fmt::format("region {}: its settings are not an object", name));
  auto written = found->dump(-1, ' ', false, json::error_handler_t::replace);
  if (written.size() > store::kLongestSettings)
    return wrong(fmt::format("region {}: its settings are larger than 16 KB", name));
  if (const auto lines = store::counted_from(*found); !lines)
    return wrong(fmt::format("region {}: {}", name, lines.error().message));
  return written;
}

Result<RegionConfiguration> region_of(const json& entry) {
  if (!entry.is_object()) return wrong("\"config.regions\" is not an array of objects");
  RegionConfiguration region;
  for (const auto& [key, into] : {std::pair{"id", &region.public_id}, std::pair{"serial", &region.serial},
                                  std::pair{"region", &region.region}, std::pair{"name", &region.name},
                                  std::pair{"lifecycle", &region.lifecycle}}) {
    auto value = text_at(entry, key);
    if (!value) return tl::unexpected(value.error());
    *into = std::move(*value);
  }
  if (region.public_id.empty() || region.serial.empty())
    return wrong("\"config.regions\" holds a region without id or serial");
  if (region.name.empty()) region.name = region.region;
  if (region.lifecycle.empty()) region.lifecycle = "active";
  if (const auto found = entry.find("capacity"); found != entry.end() && !found->is_null()) {
    if (!found->is_number_integer() || *found < 1 || *found > kMostPeople)
      return wrong(fmt::format("region {}: its capacity is no number of people", region.name));
    region.capacity = found->get<std::int64_t>();
  }
  auto settings = settings_of(entry, region.name);
  if (!settings) return tl::unexpected(settings.error());
  region.settings = std::move(*settings);
  return region;
}

}  // namespace

Result<std::vector<RegionConfiguration>> read_regions(const json& regions) {
  std::vector<RegionConfiguration> out;
  if (!regions.is_array()) return wrong("\"config.regions\" is not an array");
  for (const auto& entry : regions) {
    auto region = region_of(entry);
    if (!region) return tl::unexpected(region.error());
    out.push_back(std::move(*region));
  }
  return out;
}

void keep_regions(store::Database& writer, const std::vector<RegionConfiguration>& regions, UtcMs now) {
  // Among themselves they may have changed sensors and keys, so all of them go before any comes.
  writer.execute("delete from region_configurations where json_extract(metadata, '$.file') is null");
  auto sensor = writer.prepare("select id from sensor_metadata where serial = ?");
  auto make_way = writer.prepare("delete from region_configurations where sensor_id = ? and region = ?");
  auto insert = writer.prepare(
      "insert into region_configurations (organization_id, store_id, sensor_id, public_id, region, name, "
      "capacity, lifecycle, settings, created_at, updated_at) values (1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& region : regions) {
    sensor.bind(region.serial);
    if (!sensor.step()) continue;  // its sensor belongs to no gateway of ours
    const auto id = sensor.integer(0);
    sensor.reset();
    make_way.bind(id, region.region).run();
    insert
        .bind(id, region.public_id, region.region, region.name, region.capacity, region.lifecycle,
              region.settings, count_ms(now), count_ms(now))
        .run();
  }
}

RegionReader::RegionReader(store::Database& reader)
    : regions_(reader.prepare(fmt::format(
          "select m.public_id, r.region, r.sensor_id, "
          "(select occupancy from regional_counting_raw w where w.sensor_id = r.sensor_id "
          "and w.region = r.region and w.started_at >= r.from_at order by started_at desc limit 1) "
          "from (select c.sensor_id, c.region, max(p.from_at) as from_at from region_configurations c "
          "join occupancy_periods p on p.sensor_id = c.sensor_id and p.region = c.region "
          "where c.deleted_at is null group by c.sensor_id, c.region) r "
          "join sensor_metadata m on m.id = r.sensor_id order by r.sensor_id, r.region limit {}",
          kMostRegions))),
      days_(
          reader.prepare("select day, sum(below_zero), sum(left_over), max(uncertain) from occupancy_periods "
                         "where sensor_id = ? and region = ? group by day order by day desc limit 2")) {}

std::string RegionReader::health() {
  auto list = json::array();
  regions_.reset();
  while (regions_.step()) {
    json region{{"sensor", regions_.text(0)}, {"region", regions_.text(1)}, {"present", nullptr}};
    if (const auto present = regions_.maybe_integer(3)) region["present"] = *present;
    auto days = json::array();
    days_.bind(regions_.integer(2), regions_.text(1));
    while (days_.step()) {
      const UtcMs day{std::chrono::days{days_.integer(0)}};
      json drift{{"day", format_utc(day).substr(0, 10)}, {"below_zero", days_.integer(1)}};
      if (const auto left = days_.maybe_integer(2)) drift["left_over"] = *left;
      if (days_.integer(3) != 0) drift["uncertain"] = true;
      days.push_back(std::move(drift));
    }
    days_.reset();
    region["days"] = std::move(days);
    list.push_back(std::move(region));
  }
  regions_.reset();
  return list.empty() ? std::string() : list.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace lintel::sync
