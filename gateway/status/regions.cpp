#include "gateway/status/regions.hpp"

#include <nlohmann/json.hpp>

namespace lintel::status {

namespace {

using nlohmann::json;

/// Who states nothing for longer says nothing of now.
constexpr Millis kLevelHolds = std::chrono::hours{1};

// What a pinned file says stands before what HQ says.
constexpr const char* kRegions = R"(
with r as (
  select sensor_id, region, json_extract(metadata, '$.in_force') as force, name, capacity, settings
    from region_configurations
   where deleted_at is null and lifecycle not in ('completed', 'cancelled', 'archived'))
select r.sensor_id, m.name, m.serial, r.region,
       iif(force is null, r.name, json_extract(force, '$.name')),
       iif(force is null, r.capacity, json_extract(force, '$.capacity')),
       json_extract(iif(force is null, r.settings, json_extract(force, '$.settings')), '$.counted_from') is not null
  from r join sensor_metadata m on m.id = r.sensor_id where m.deleted_at is null order by 5, r.sensor_id, r.region)";

json or_null(std::optional<std::int64_t> value) {
  return value ? json(*value) : json(nullptr);
}

/// Of the newest day that has one.
json drift_of(store::Statement& select, std::int64_t sensor, std::string_view region) {
  select.bind(sensor, region);
  if (!select.step()) return nullptr;
  const UtcMs day{std::chrono::days{select.integer(0)}};
  json drift{{"day", format_utc(day).substr(0, 10)},
             {"below_zero", select.integer(1)},
             {"left_over", or_null(select.maybe_integer(2))}};
  select.reset();
  return drift;
}

}  // namespace

json regions(store::Database& reader, UtcMs now) {
  auto result = json::array();
  auto rows = reader.prepare(kRegions);
  auto level = reader.prepare(
      "select occupancy, started_at from regional_counting_raw where sensor_id = ? and region = ? "
      "and started_at > ? order by started_at desc limit 1");
  auto period = reader.prepare(
      "select from_at, uncertain from occupancy_periods where sensor_id = ? and region = ? "
      "order by from_at desc limit 1");
  auto drift = reader.prepare(
      "select day, sum(below_zero), sum(left_over) from occupancy_periods where sensor_id = ? and region = ? "
      "group by day order by day desc limit 1");
  while (rows.step()) {
    const auto sensor = rows.integer(0);
    const auto key = rows.text(3);
    json region{{"sensor", sensor},
                {"sensor_name", rows.text(1)},
                {"serial", rows.text(2)},
                {"region", key},
                {"name", rows.text(4)},
                {"capacity", or_null(rows.maybe_integer(5))},
                {"present", nullptr},
                {"at", nullptr},
                {"over", false},
                {"counted", rows.integer(6) != 0},
                {"since", nullptr},
                {"uncertain", false},
                {"drift", drift_of(drift, sensor, key)}};
    UtcMs from = now - kLevelHolds;
    if (period.bind(sensor, key); region["counted"] == true && period.step()) {
      from = utc_ms(period.integer(0)) - Millis{1};
      region["since"] = format_utc(utc_ms(period.integer(0)));
      region["uncertain"] = period.integer(1) != 0;
    }
    period.reset();
    level.bind(sensor, key, count_ms(from));
    if (level.step() && level.maybe_integer(0)) {
      region["present"] = level.integer(0);
      region["at"] = format_utc(utc_ms(level.integer(1)));
      region["over"] = rows.maybe_integer(5) && level.integer(0) > rows.integer(5);
    }
    level.reset();
    result.push_back(std::move(region));
  }
  return result;
}

}  // namespace lintel::status
