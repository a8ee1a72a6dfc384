#include "gateway/status/device.hpp"

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/history.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;

constexpr int kChanges = 12;

json device(const store::Statement& row) {
  const auto number = [&row](int column) {
    const auto value = row.maybe_integer(column);
    return value ? json(*value) : json(nullptr);
  };
  const auto yes = [&row](int column) {
    return row.is_null(column) ? json(nullptr) : json(row.integer(column) != 0);
  };
  auto faults = json::parse(row.text(5), nullptr, false);
  return {{"connected", yes(0)},     {"battery_percent", number(1)},
          {"battery_mv", number(2)}, {"battery_low", yes(3)},
          {"tampered", yes(4)},      {"faults", faults.is_array() ? std::move(faults) : json::array()},
          {"firmware", row.text(6)}, {"at", format_utc(utc_ms(row.integer(7)))},
          {"signal_dbm", number(8)}, {"margin_db", number(9)}};
}

}  // namespace

DeviceStory::DeviceStory(store::Database& reader)
    : db_(reader),
      device_(reader.prepare(
          "select connected, battery_percent, battery_mv, battery_low, tampered, faults, "
          "firmware, updated_at, signal_dbm, margin_db from device_states where sensor_id = ?")) {}

json DeviceStory::of(std::int64_t sensor) {
  device_.bind(sensor);
  json story{{"device", device_.step() ? device(device_) : json(nullptr)}, {"changes", json::array()}};
  device_.reset();
  for (const auto& change : health::changes_of(db_, sensor, kChanges)) {
    story["changes"].push_back({{"at", format_utc(change.at)},
                                {"status", change.status},
                                {"kind", change.kind},
                                {"cause", change.cause}});
  }
  return story;
}

}  // namespace lintel::status
