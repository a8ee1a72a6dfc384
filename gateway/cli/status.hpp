#pragma once

#include <chrono>
#include <iosfwd>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"
#include "gateway/config/config.hpp"

namespace lintel::cli {

/// How long a running daemon is waited for: a healthy one answers within a few milliseconds, and `lintel
/// status` is to be there within 100 ms also when it hangs.
inline constexpr std::chrono::milliseconds kStatusAnswerWithin{50};

/// What `lintel status --json` prints (gateway/status/README.md).
Result<nlohmann::json> status_snapshot(const config::Config& config);

/// `lintel status [--config FILE] [--set section.key=value]... [--json]`: what the gateway and its sensors
/// are doing, whether the daemon runs, hangs or is down. Returns 0 when all is fine, 1 when something needs
/// attention, 2 on wrong use or configuration, with a message on `err`.
int status(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
