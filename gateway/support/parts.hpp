#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "gateway/config/config.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::support {

/// The database as somebody far away needs it, by the name of a file each: schema version, tables with rows
/// and sizes, sensors, alerts, what health has judged, coverage, audit, state of sync, what
/// was set aside or given up, and the newest of quarantine as it is kept (without what is personal). Reads
/// for at most `patience`; what was not read by then is null.
nlohmann::json parts_of_database(store::Database& db, std::chrono::milliseconds patience);

/// Its schema version, pages, and each table with its rows and bytes (with its indexes); null where that
/// could not be read.
nlohmann::json describe_database(store::Database& db);

/// Kernel, system, zones, memory, temperature, disks and the files of the gateway with their sizes.
nlohmann::json describe_machine(const config::Config* config);

/// What the system's journal has of the gateway, the newest; or why there is nothing.
std::string journal();

}  // namespace lintel::support
