#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::cli {

/// `lintel status [--config FILE] [--set section.key=value]... [--json]`: what the gateway and its sensors
/// are doing, whether the daemon runs, hangs or is down. Returns 0 when all is fine, 1 when something needs
/// attention, 2 on wrong use or configuration, with a message on `err`.
int status(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
