#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"

namespace lintel::hq {

/// Writes a new file that only its owner may read (0600), on disk when this returns. `misconfigured` where
/// one is there already: nothing is ever overwritten.
Result<void> write_private(const std::filesystem::path& file, std::string_view text);

/// Reads one. `misconfigured` where others than its owner may read it.
Result<std::string> read_private(const std::filesystem::path& file);

}  // namespace lintel::hq
