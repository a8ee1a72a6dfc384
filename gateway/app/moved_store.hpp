#pragma once

#include "firmware-bridge/core/result.hpp"
#include "gateway/config/config.hpp"

namespace lintel::app {

/// If the card was enrolled for another store since the database was begun, puts database and spool aside
/// under other names: what was counted in one store must not reach HQ as another's. Nothing is deleted.
/// `misconfigured` when another process writes there, `transient` when the disk does not take it.
Result<void> leave_store_behind(const config::Config& config);

}  // namespace lintel::app
