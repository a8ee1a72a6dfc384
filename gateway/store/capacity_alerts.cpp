// Alerts of regions that hold too many people: CapacityAlerts in regions.hpp.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"
#include "gateway/store/regions.hpp"

namespace lintel::store {

namespace {

constexpr std::int64_t kEndsBelowPercent = 95;

std::string key_of(const Region& region) {
  return fmt::format("capacity:{}", region.public_id);
}

}  // namespace

CapacityAlerts::CapacityAlerts(Database& db) : db_(db) {
  load();
}

void CapacityAlerts::load() {
  open_.clear();
  auto rows = db_.prepare("select dedup_key from alerts where kind = 'capacity' and state <> 'resolved'");
  while (rows.step()) open_.emplace_back(rows.text(0));
}

bool CapacityAlerts::judge(const Region& region, std::int64_t present, UtcMs now) {
  const auto key = key_of(region);
  const bool open = std::find(open_.begin(), open_.end(), key) != open_.end();
  if (open) {
    if (region.capacity && present * 100 >= *region.capacity * kEndsBelowPercent) return false;
    resolve(key, now);
    return true;
  }
  if (!region.capacity || present <= *region.capacity) return false;
  const nlohmann::json details{
      {"region", region.region}, {"occupancy", present}, {"capacity", *region.capacity}};
  db_.prepare(
         "insert into alerts (organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key, "
         "severity, message, details, opened_at, created_at, updated_at) "
         "values (1, 1, 1, ?, ?, 'capacity', ?, 'warning', ?, ?, ?, ?, ?)")
      .bind(region.sensor, random_uuid(), key,
            fmt::format("{} people in \"{}\", which holds {}. Let nobody in until some have left.", present,
                        region.name, *region.capacity),
            details.dump(), count_ms(now), count_ms(now), count_ms(now))
      .run();
  open_.push_back(key);
  return true;
}

void CapacityAlerts::keep_only(const std::vector<Region>& regions, UtcMs now) {
  const auto open = open_;
  for (const auto& key : open) {
    const bool known = std::any_of(regions.begin(), regions.end(),
                                   [&](const Region& region) { return key_of(region) == key; });
    if (!known) resolve(key, now);
  }
}

void CapacityAlerts::resolve(const std::string& key, UtcMs now) {
  db_.prepare(
         "update alerts set state = 'resolved', resolved_at = ?, updated_at = ? "
         "where dedup_key = ? and state <> 'resolved'")
      .bind(count_ms(now), count_ms(now), key)
      .run();
  open_.erase(std::remove(open_.begin(), open_.end(), key), open_.end());
}

}  // namespace lintel::store
