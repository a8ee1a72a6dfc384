#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "gateway/cli/options.hpp"
#include "gateway/config/config.hpp"

namespace lintel::app {

/// Has an Administration's verb done: by the running daemon, or with it down under the writer's lock.
Result<nlohmann::json> carry_out(const config::Config& config, const std::string& verb,
                                 nlohmann::json request);

/// Who asks, for what is kept of what people did.
std::string user_name();

using cli::take_option;

/// The first `width` columns of a text, with ".." where some is left out.
std::string fitted(std::string_view text, std::size_t width);

}  // namespace lintel::app
