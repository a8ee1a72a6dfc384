#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::app {

/// `lintel provision`: enrols this card at HQ, or says as what it is enrolled.
int provision(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::app
