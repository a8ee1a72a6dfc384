#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "gateway/store/sqlite.hpp"

namespace lintel::support {

/// What a statement yields, row by row: the names of its columns and the values of one row (numbers, texts,
/// null; bytes that are no text as they are).
using Row =
    std::function<void(const std::vector<std::string>& columns, const std::vector<nlohmann::json>& values)>;

/// Runs one statement that only reads, whoever wrote it. `misconfigured`: it is none, more than one, cannot
/// be understood, or would change something; `transient`: reading failed, or took too long.
Result<void> query(store::Database& db, const std::string& sql, const Row& row);

}  // namespace lintel::support
