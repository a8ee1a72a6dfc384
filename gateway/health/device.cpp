#include "gateway/health/device.hpp"

#include <algorithm>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace lintel::health {

namespace {

using nlohmann::json;

// They wobble by less with every message.
constexpr int kVoltageMoved = 50;
constexpr int kSignalMoved = 6;
constexpr std::size_t kMostFaults = 8;
constexpr std::size_t kLongestFault = 200;
constexpr const char* kDefect = "its counter is defective";

/// A device that knows no share of its battery may say in words that it is low.
bool tells_of_battery(const std::string& fault) {
  return fault.find("battery") != std::string::npos || fault.find("supply voltage") != std::string::npos;
}

std::optional<int> small(std::optional<std::int64_t> value) {
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

/// Whether a stated value is another one than the one that is kept, which it then becomes.
bool take_moved(std::optional<int>& kept, const std::optional<int>& stated, int least) {
  if (!stated || (kept && std::abs(*stated - *kept) < least)) return false;
  kept = stated;
  return true;
}

std::vector<std::string> list_from(std::string_view text) {
  std::vector<std::string> list;
  const auto value = json::parse(text, nullptr, false);
  if (!value.is_array()) return list;
  for (const auto& each : value)
    if (each.is_string()) list.push_back(each.get<std::string>());
  return list;
}

}  // namespace

void Devices::take_radio(State& state, const bridge::DeviceReport& report) {
  state.dirty |= take_moved(state.signal_dbm, report.signal_dbm, kSignalMoved);
  state.dirty |= take_moved(state.margin_db, report.margin_db, kSignalMoved);
}

void Devices::take_battery(State& state, const bridge::DeviceReport& report) {
  state.dirty |= take_moved(state.battery_mv, report.battery_mv, kVoltageMoved);
  if (!report.battery_percent) return;
  auto& facts = state.facts;
  state.dirty |= facts.battery_percent != report.battery_percent;
  facts.battery_percent = report.battery_percent;
  if (*report.battery_percent <= kBatteryLow) facts.battery_low = true;
  if (*report.battery_percent >= kBatteryWell) facts.battery_low = false;
}

void Devices::take_faults(State& state, std::vector<std::string> faults, BootTime at) {
  if (faults.size() > kMostFaults) faults.resize(kMostFaults);
  for (auto& fault : faults) fault.resize(std::min(fault.size(), kLongestFault));
  const bool words = std::any_of(faults.begin(), faults.end(), tells_of_battery);
  std::erase_if(faults, tells_of_battery);
  if (!state.facts.battery_percent && words != state.facts.battery_low) {
    state.facts.battery_low = words;
    state.dirty = true;
  }
  state.faults_at = at;
  if (faults == state.facts.faults) return;
  state.facts.faults = std::move(faults);
  state.dirty = true;
}

void Devices::note(std::int64_t sensor, const bridge::DeviceReport& report, BootTime at, UtcMs wall) {
  auto& state = states_[sensor];
  if (report.connected) {
    state.dirty |= report.connected != state.facts.connected;
    state.facts.connected = report.connected;
    state.facts.connected_at = at;
  }
  take_battery(state, report);
  take_radio(state, report);
  // What lists faults, or says whether the device was touched, lists all of them.
  if (!report.faults.empty() || report.tampered) take_faults(state, report.faults, at);
  if (report.tampered && report.tampered != state.tampered) {
    state.tampered = report.tampered;
    state.facts.tampered = *report.tampered;
    state.dirty = true;
  }
  if (!report.firmware.empty() && report.firmware != state.firmware) {
    state.firmware = report.firmware;
    state.dirty = true;
  }
  if (state.dirty) state.updated = wall;
}

void Devices::defective(std::int64_t sensor, BootTime at, UtcMs wall) {
  auto& state = states_[sensor];
  take_faults(state, {kDefect}, at);
  if (state.dirty) state.updated = wall;
}

DeviceFacts Devices::facts(std::int64_t sensor, BootTime now) const {
  const auto found = states_.find(sensor);
  if (found == states_.end()) return {};
  auto facts = found->second.facts;
  if (now - found->second.faults_at > kFaultHolds) facts.faults.clear();
  return facts;
}

void Devices::flush(store::Database& db) {
  for (auto& [sensor, state] : states_) {
    if (!state.dirty) continue;
    const auto& facts = state.facts;
    const auto bit = [](std::optional<bool> value) {
      return value ? std::optional<std::int64_t>(*value ? 1 : 0) : std::nullopt;
    };
    const auto whole = [](std::optional<int> value) {
      return value ? std::optional<std::int64_t>(*value) : std::nullopt;
    };
    db.prepare(
          "insert or replace into device_states (sensor_id, connected, battery_percent, battery_mv, "
          "battery_low, tampered, faults, firmware, updated_at, signal_dbm, margin_db) "
          "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(sensor, bit(facts.connected), whole(facts.battery_percent), whole(state.battery_mv),
              facts.battery_low, bit(state.tampered),
              json(facts.faults).dump(-1, ' ', false, json::error_handler_t::replace), state.firmware,
              count_ms(state.updated), whole(state.signal_dbm), whole(state.margin_db))
        .run();
    state.dirty = false;
  }
}

void Devices::load(store::Database& db, BootTime now) {
  states_.clear();
  auto rows = db.prepare(
      "select sensor_id, connected, battery_percent, battery_mv, battery_low, tampered, faults, firmware, "
      "updated_at, signal_dbm, margin_db from device_states");
  while (rows.step()) {
    State state;
    const auto bit = [&rows](int column) {
      const auto value = rows.maybe_integer(column);
      return value ? std::optional(*value != 0) : std::nullopt;
    };
    state.facts.connected = bit(1);
    state.facts.connected_at = now;
    state.facts.battery_percent = small(rows.maybe_integer(2));
    state.battery_mv = small(rows.maybe_integer(3));
    state.facts.battery_low = rows.integer(4) != 0;
    state.tampered = bit(5);
    state.facts.tampered = state.tampered.value_or(false);
    state.facts.faults = list_from(rows.text(6));
    state.faults_at = now;
    state.firmware = rows.text(7);
    state.updated = utc_ms(rows.integer(8));
    state.signal_dbm = small(rows.maybe_integer(9));
    state.margin_db = small(rows.maybe_integer(10));
    states_[rows.integer(0)] = std::move(state);
  }
}

}  // namespace lintel::health
