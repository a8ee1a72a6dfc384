#pragma once

#include "firmware-bridge/core/result.hpp"
#include "gateway/config/config.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::cli {

/// The gateway's database, to be read, whether the daemon runs or not. `rejected` where the gateway has never
/// run with this configuration, `misconfigured` where nobody may look.
Result<store::Database> open_database(const config::Config& config);

}  // namespace lintel::cli
