#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "schema/tools/database.hpp"

namespace lintel::hq {

/// The folder with sqitch.plan: `said` where that is not empty, else beside the installed program
/// (../share/lintel-hq/postgres), else schema/postgres in a folder above it or above the current one.
Result<std::filesystem::path> schema_folder(const std::string& said);

/// Runs `sqitch WORDS… db:pg:…` in that folder, on the database that is connected; what it says goes to
/// standard error. Returns its exit code; `misconfigured` where sqitch is not installed, naming Debian's
/// packages.
Result<int> sqitch(const Database& database, const std::filesystem::path& folder,
                   const std::vector<std::string>& words);

}  // namespace lintel::hq
