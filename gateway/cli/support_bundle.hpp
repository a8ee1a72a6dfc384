#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::cli {

/// `lintel support-bundle [--out FILE]`: one .tar.gz with all that somebody far away needs to help, and no
/// secret. Returns 0, 2 on wrong use, 3 when the file cannot be written.
int support_bundle(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
