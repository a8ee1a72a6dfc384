#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"

namespace lintel::hq {

/// Whether PATH has it.
bool installed(const std::string& program);

/// Runs words[0] (looked up in PATH) with the rest and waits: its exit code, or 128 + signal. What it says
/// goes to standard error. `environment` holds "NAME=value" added to the own one: what others must not read
/// in the list of processes goes there. 127: it could not be started, or the folder is not there.
Result<int> run_program(std::vector<std::string> words, const std::vector<std::string>& environment = {},
                        const std::filesystem::path& folder = {});

}  // namespace lintel::hq
