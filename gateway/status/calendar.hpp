#pragma once

#include "firmware-bridge/core/time.hpp"
#include "gateway/clock/store_days.hpp"
#include "gateway/status/coverage.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// The store's own calendar; days of UTC where it states none that this machine knows. SqliteError leaves it,
/// and the next two.
clock::StoreDays store_days(store::Database& db);

/// By the opening hours that the store has; empty where nobody has stated any.
Closed closed_by_hours(store::Database& db);

/// The same for many questions about [from, to): the hours are reckoned once.
Closed closed_by_hours(store::Database& db, UtcMs from, UtcMs to);

}  // namespace lintel::status
