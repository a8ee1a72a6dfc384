#pragma once

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"

namespace lintel::status {

/// The one-look answer for a snapshot that holds everything but it: `{"status": "ok" | "attention" |
/// "problem", "text": "...", "problems": [{"severity", "what", "advice", "sensor"}]}`, the worst first.
/// A problem means that people are not being counted now or soon will not be; attention is what somebody
/// should look at while counting goes on.
nlohmann::json verdict(const nlohmann::json& snapshot, UtcMs now);

}  // namespace lintel::status
