#pragma once

#include "firmware-bridge/core/nearest.hpp"

namespace lintel::config {

using bridge::nearest;
using bridge::suggest;

}  // namespace lintel::config
