#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "schema/tools/database.hpp"

namespace lintel::hq {

/// The findings of one of the audits with its usual limits, each with `check`, `object`, `evidence`, `bytes`,
/// `advice`. Not for migrations, which need a folder.
Result<nlohmann::json> findings_of(Database& database, std::string_view audit);

/// What the checks of `audit migrations` are held against, as temporary tables of this connection:
///   planned (position, name, requires, deploy, revert, verify)  sqitch.plan and the scripts; null where a
///   file is missing unexplained (object, what)                                  where the gateway's SQLite
///   schema and the deployed one differ
Result<void> prepare_migrations(Database& database, const std::filesystem::path& folder);

}  // namespace lintel::hq
