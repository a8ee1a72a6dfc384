#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::cli {

/// `lintel probe DEVICE`: what is connected to a serial port that no link uses, at which speed.
int probe(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
