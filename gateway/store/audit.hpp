#pragma once

#include <string>
#include <string_view>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Who changed what at this gateway, and how: a row of `audit_log`.
struct AuditEntry {
  UtcMs at{};
  std::string_view actor;   ///< a user of the machine, or a person at the page
  std::string_view action;  ///< the verb
  std::string_view table;   ///< what it changed
  std::string_view row;     ///< which of them, as people call it; may be empty
  std::string_view said;    ///< JSON: what was asked
};

/// Adds it; of the rows the newest kAuditRows stay. Inside a batch.
void audit(Database& db, const AuditEntry& entry);

constexpr int kAuditRows = 10'000;

}  // namespace lintel::store
