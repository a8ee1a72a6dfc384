#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// What could be read of a damaged database. `text()` says it to people.
struct Salvaged {
  std::filesystem::path aside;  ///< the damaged file as it was
  std::int64_t rows = 0;        ///< brought into the new one
  std::int64_t left = 0;        ///< readings that HQ has, too old to be brought along in seconds
  std::int64_t orphans = 0;     ///< readings whose sensor could not be read
  std::string unreadable;       ///< tables of which not everything could be read; empty: all of it
  [[nodiscard]] std::string text() const;
};

/// Moves a damaged database (with its log) aside and puts a new one in its place, with all rows that SQLite
/// can still read: each table from its beginning to the first damage, and from its end back to the last. Of
/// readings that HQ has confirmed only the newest, so that collection goes on within seconds. Whatever cuts
/// this off, it begins or ends again with the next call of it or of finish_salvage(). `corrupt`: there is no
/// room for another damaged file beside those that are there already, or the new one cannot be made.
Result<Salvaged> salvage(const std::filesystem::path& file, UtcMs now);
/// Ends what a kill cut off after the new database was whole. To be called before `file` is opened.
void finish_salvage(const std::filesystem::path& file);

/// How many damaged files lie beside `file`.
int damaged_beside(const std::filesystem::path& file);

/// Notes that SQLite has met damage in `file`, for the next start. False: it was salvaged so often already
/// that the card itself must be failing.
bool mark_damaged(const std::filesystem::path& file, const std::string& what);
/// What mark_damaged() has noted.
std::optional<std::string> damage_of(const std::filesystem::path& file);

}  // namespace lintel::store
