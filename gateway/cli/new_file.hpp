#pragma once

#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"

namespace lintel::cli {

/// Makes a file that its owner alone can read and that was not there before; one that cannot be written whole
/// is removed. `misconfigured` where it cannot be made (it is there, there is no such folder, nobody may),
/// `transient` where it cannot be written.
Result<void> write_new(const std::string& file, std::string_view bytes);

}  // namespace lintel::cli
