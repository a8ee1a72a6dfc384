#pragma once

#include <memory>

#include "gateway/config/config.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// Opens the store of a configuration as its one writer, with the calendar of the zone in force. A card that
/// has been enrolled for another store leaves the database of the one before behind, under another name.
/// `misconfigured` when another process writes there.
Result<std::unique_ptr<store::Store>> open_store(const config::Config& config);

/// The wall clock of this machine, right or wrong.
UtcMs machine_now();

}  // namespace lintel::app
