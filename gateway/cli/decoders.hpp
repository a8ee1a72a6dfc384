#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::cli {

/// `lintel decoders`: every decoder of this build with what it understands.
int decoders(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
