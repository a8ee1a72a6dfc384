#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::cli {

/// `lintel db`: the gateway's database, looked at, checked, copied, and asked. Changes nothing in it.
int db(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
