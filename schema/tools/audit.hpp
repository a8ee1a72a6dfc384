#pragma once

#include <filesystem>

#include "schema/tools/database.hpp"

namespace lintel::hq {

/// What the checks of `audit migrations` are held against, as temporary tables of this connection:
///   planned (position, name, requires, deploy, revert, verify)  sqitch.plan and the scripts; null where a
///   file is missing unexplained (object, what)                                  where the gateway's SQLite
///   schema and the deployed one differ
Result<void> prepare_migrations(Database& database, const std::filesystem::path& folder);

}  // namespace lintel::hq
