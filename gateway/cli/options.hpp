#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"

namespace lintel::cli {

/// Takes `--name VALUE` or `--name=VALUE` out of the words; nothing where it is not there. `misconfigured`
/// when the value is missing.
Result<std::optional<std::string>> take_option(std::vector<std::string>& args, std::string_view name);

/// ", did you mean payload.json?": a file in the same folder with almost that name; empty where there is
/// none.
std::string did_you_mean_file(const std::string& name);

}  // namespace lintel::cli
