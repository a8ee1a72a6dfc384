#pragma once

#include <iosfwd>

namespace lintel::cli {

/// Whether what goes to `out` is seen by a person who wants colour: it is this process's standard output, a
/// terminal, and NO_COLOR is not set (no-color.org). Before any thread exists.
bool wants_colour(const std::ostream& out);

}  // namespace lintel::cli
