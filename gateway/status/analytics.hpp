#pragma once

#include <cstdint>
#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/clock/store_days.hpp"
#include "gateway/status/coverage.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

struct AnalyticsQuery {
  enum class By { hour, day } by = By::hour;
  clock::StoreDay from = 0, to = 0;    ///< the store's days, both are part of it
  std::optional<std::int64_t> sensor;  ///< absent: the store, which is all its sensors together
};

/// Buckets of [from, to], up to now, oldest first: [{at, day, in, out, covered, state, unallocated?}]; see
/// README.md. There are none before the first sensor was known. An hour belongs to the day in which it
/// begins. `closed` may be empty: by the opening hours in the store's settings, if it has any. From the
/// roll-ups and the table `coverage`, in one read transaction. SqliteError leaves it.
nlohmann::json analytics(store::Database& reader, const AnalyticsQuery& query, UtcMs now,
                         const Closed& closed = {});

}  // namespace lintel::status
