#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::app {

/// What is known of one sensor, by serial or by a name that only one has: how it is, since when, how often it
/// was otherwise, what its device said last. `misconfigured` when there is none. SqliteError leaves it.
///     {serial, name, decoder, link, lifecycle, status, since, cause, device {battery_percent, battery_mv,
///      signal_dbm, margin_db, tampered, faults, firmware, connected, at} | null, days_30 {status: seconds,
///      "changes": n}, changes [{at, status, kind, cause}]}, the newest first
Result<nlohmann::json> story_of(store::Database& db, const std::string& word, UtcMs now);

/// The same for people.
std::string story_text(const nlohmann::json& story, const std::string& timezone);

}  // namespace lintel::app
