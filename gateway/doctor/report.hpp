#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/doctor/check.hpp"

namespace lintel::doctor {

/// One check for a terminal, no line longer than 80 columns.
std::string to_text(const Check& check, bool colour);

/// The last line: how many of what.
std::string summary(const std::vector<Check>& checks, bool colour);

/// The worst outcome; skipped ones do not count.
Outcome verdict(const std::vector<Check>& checks);

/// `{"time", "version", "verdict", "checks": [{"name", "outcome", "evidence", "advice"}]}`.
nlohmann::json to_json(const std::vector<Check>& checks, UtcMs now);

}  // namespace lintel::doctor
