#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace lintel::status {

/// A snapshot in Prometheus' text format, version 0.0.4.
std::string prometheus(const nlohmann::json& snapshot);

}  // namespace lintel::status
