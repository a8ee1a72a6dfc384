#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::app {

/// `lintel run`: the gateway itself, until SIGTERM or SIGINT. Exit codes as in gateway/cli/outcome.hpp.
int run(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::app
