#pragma once

#include <cstddef>

#include <nlohmann/json_fwd.hpp>

#include "gateway/status/http.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// How many alerts are open, how many of them nobody has acknowledged, and when one of them changed last:
/// enough to know that /api/alerts has something new. SqliteError leaves it, and the next one.
nlohmann::json alerts_in_short(store::Database& reader);

/// Open ones, the worst first, then the newest; or all, the newest first. The shape is in README.md.
nlohmann::json alerts(store::Database& reader, bool open_only, std::size_t limit);

/// Answers /api/alerts?state=open|all&limit=.
Response alerts_response(store::Database& reader, const Request& request);

}  // namespace lintel::status
