#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// What a sensor's device says of itself, and what happened to it.
class DeviceStory {
 public:
  explicit DeviceStory(store::Database& reader);

  /// `device` {connected, battery_percent, battery_mv, battery_low, signal_dbm, margin_db (of its radio),
  /// tampered, faults, firmware, at}, null where it never said anything; `changes` [{at, status, kind,
  /// cause}], the newest first, a dozen at most. SqliteError leaves it.
  [[nodiscard]] nlohmann::json of(std::int64_t sensor);

 private:
  store::Database& db_;
  store::Statement device_;
};

}  // namespace lintel::status
