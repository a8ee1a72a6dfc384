#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"

namespace lintel::support {

/// A file of an archive.
struct Part {
  std::string name;  ///< at most 99 bytes, folder included
  std::string text;
};

/// A .tar.gz (ustar, POSIX.1-1988, in one gzip member) of plain files, mode 0644, owned by root, all of the
/// time `seconds` since 1970. Every tar reads it. `transient` when there is no memory to pack it.
Result<std::string> tar_gz(const std::vector<Part>& parts, std::int64_t seconds);

}  // namespace lintel::support
