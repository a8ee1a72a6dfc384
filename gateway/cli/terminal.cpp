#include "gateway/cli/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace lintel::cli {

bool wants_colour(const std::ostream& out) {
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return &out == &std::cout && ::isatty(STDOUT_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0');
}

}  // namespace lintel::cli
