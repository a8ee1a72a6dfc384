#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::cli {

/// `lintel decoders [list]`: every decoder of the configuration in force with what it understands.
/// `lintel decoders show NAME`: the profile of that name as it was written; of a decoder that is no profile,
/// what it understands.
/// `lintel decoders check FILE...`: whether profiles are in order, their samples included. Ends with 1 when
/// one is not.
int decoders(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
