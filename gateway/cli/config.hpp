#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "gateway/config/config.hpp"

namespace lintel::cli {

/// `lintel config check`: whether the configuration is in order, and in short what it says; otherwise all
/// that is wrong, and 2. `lintel config show`: every key in force and where it comes from, secrets masked.
int config(std::span<const std::string> args, std::ostream& out, std::ostream& err);

/// The few lines of `config check`.
std::string summary(const config::Config& config);

/// The text of `config show`, in the shape of gateway.conf: a key at its default is commented out.
std::string listing(const config::Config& config);

/// The same for scripts: every key of gateway.conf with its values and where they come from, links and sensor
/// files by name, warnings.
nlohmann::json to_json(const config::Config& config);

}  // namespace lintel::cli
