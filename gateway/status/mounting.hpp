#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// How sensors are mounted, as the page shows it and lets people change it.
class Mounting {
 public:
  explicit Mounting(store::Database& reader);

  /// `inverted`, and `lines` [{line, name}]: those that have been counted or named; name is null where people
  /// have none. `force` is what counting goes by (in_force of the sensor's metadata). SqliteError leaves it.
  [[nodiscard]] nlohmann::json of(std::int64_t sensor, const nlohmann::json& force);

 private:
  store::Statement counted_;
};

}  // namespace lintel::status
