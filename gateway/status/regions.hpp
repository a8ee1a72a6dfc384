#pragma once

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// The configured regions with the people in them, what they hold and how far counting has drifted; the
/// shape is described in gateway/status/README.md. SqliteError leaves it.
nlohmann::json regions(store::Database& reader, UtcMs now);

}  // namespace lintel::status
