#pragma once

#include <filesystem>

namespace lintel::bench {

/// Rows a second through the product's store: readings, roll-ups, numbers, position, in one transaction
/// per group. Durable, on the disk of `dir`.
double store_rate(const std::filesystem::path& dir, int rows, int rows_per_commit);

/// Rows a second of the same rows inserted into the same raw table with bare SQLite, as many per commit,
/// as durable, and nothing else.
double raw_rate(const std::filesystem::path& dir, int rows, int rows_per_commit);

}  // namespace lintel::bench
