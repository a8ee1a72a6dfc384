#pragma once

#include <filesystem>
#include <string>

#include "firmware-bridge/core/result.hpp"

namespace lintel::sync {

/// Reads the gateway's token: one line, white space around it ignored. `misconfigured` when the file is
/// missing, empty, or holds what cannot be a token; the message never quotes its content.
[[nodiscard]] Result<std::string> read_credential(const std::filesystem::path& file);

}  // namespace lintel::sync
