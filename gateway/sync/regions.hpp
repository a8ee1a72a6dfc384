#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::sync {

/// What HQ says of a region of one of this gateway's sensors.
struct RegionConfiguration {
  std::string public_id;
  std::string serial;  ///< of the sensor
  std::string region;
  std::string name;
  std::optional<std::int64_t> capacity;
  std::string lifecycle;
  std::string settings;  ///< a JSON object as text, checked

  friend bool operator==(const RegionConfiguration&, const RegionConfiguration&) = default;
};

/// `config.regions` of an answer (schema/SYNC.md). `rejected`, with the region and the place, when one of
/// them cannot be used.
Result<std::vector<RegionConfiguration>> read_regions(const nlohmann::json& regions);

/// Makes HQ's regions in the mirror these. Those that sensors.d describes stay where HQ says nothing of them.
/// For the writer thread, inside its transaction; throws store::SqliteError.
void keep_regions(store::Database& writer, const std::vector<RegionConfiguration>& regions, UtcMs now);

/// The counted regions of this store as the request's health states them: how many are there, and how far
/// counting has drifted on the last two days. Used by one thread; throws store::SqliteError.
class RegionReader {
 public:
  explicit RegionReader(store::Database& reader);

  /// A JSON array of at most 50 regions; empty without any.
  [[nodiscard]] std::string health();

 private:
  store::Statement regions_, days_;
};

}  // namespace lintel::sync
