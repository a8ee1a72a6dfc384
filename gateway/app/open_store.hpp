#pragma once

#include <memory>

#include "gateway/config/config.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// Opens the store of a configuration as its one writer, with the calendar of the zone in force.
/// `misconfigured` when another process writes there.
Result<std::unique_ptr<store::Store>> open_store(const config::Config& config);

/// The wall clock of this machine, right or wrong.
UtcMs machine_now();

}  // namespace lintel::app
