#pragma once

#include "gateway/counting/occupancy.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::app {

/// When the store is open, as its settings say; empty where they say nothing that can be understood.
counting::OpenSpans opening_of(store::Database& db);

}  // namespace lintel::app
