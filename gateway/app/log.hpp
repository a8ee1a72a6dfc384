#pragma once

#include <string_view>

namespace lintel::app {

/// One line on standard error, whole even when several threads speak. The supervisor adds the time.
void log(std::string_view text);

}  // namespace lintel::app
