#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::app {

/// `lintel pin URL`
int pin(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::app
