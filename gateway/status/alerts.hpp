#pragma once

#include <cstddef>

#include <nlohmann/json_fwd.hpp>

#include "gateway/status/http.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// Open ones, the worst first, then the newest; or all, the newest first. The shape is in README.md.
/// SqliteError leaves it.
nlohmann::json alerts(store::Database& reader, bool open_only, std::size_t limit);

/// Answers /api/alerts?state=open|all&limit=.
Response alerts_response(store::Database& reader, const Request& request);

}  // namespace lintel::status
