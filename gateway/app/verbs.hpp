#pragma once

#include <span>

#include "gateway/cli/dispatch.hpp"

namespace lintel::app {

/// Every verb of this executable except help and version, which the dispatcher knows itself.
std::span<const cli::Verb> verbs();

}  // namespace lintel::app
