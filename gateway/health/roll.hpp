#pragma once

#include <map>
#include <string>
#include <vector>

#include "gateway/health/hours.hpp"
#include "gateway/health/norms.hpp"
#include "gateway/store/regions.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// Doors through which everybody comes and goes: the lines around a region (`counted_from`), or all sensors
/// of a store whose settings say `"all_doors_counted": true`.
struct ClosedSet {
  std::string key;
  std::string name;
  std::vector<store::CountedFrom> lines{};  ///< empty: every line of every sensor
  std::map<std::int64_t, Balance> days{};   ///< on which every door of it counted
  std::optional<std::int64_t> only{};       ///< the sensor, where there is but one
};

struct Roll {
  std::vector<Door> doors;
  std::vector<ClosedSet> sets;
};

/// The hours since `from` of all sensors in use. What a sensor counted before it was turned round or replaced
/// is left out. SqliteError leaves it.
Roll read_roll(store::Database& db, const Hours& hours, UtcMs from, UtcMs now);

/// The hours since `from`, by sensor.
std::map<std::int64_t, std::vector<HourCount>> read_hours(store::Database& db, UtcMs from);

}  // namespace lintel::health
