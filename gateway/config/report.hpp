#pragma once

#include <string>
#include <vector>

namespace lintel::config {

/// What one load has to tell a person. A load goes on after a problem, so that all of them are told
/// at once.
struct Report {
  std::vector<std::string> problems;  ///< the configuration is refused
  std::vector<std::string> warnings;  ///< it is accepted, but somebody should look
};

}  // namespace lintel::config
