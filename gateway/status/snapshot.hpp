#pragma once

#include <filesystem>
#include <functional>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/time.hpp"
#include "gateway/status/coverage.hpp"
#include "gateway/store/retention.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::status {

/// What surrounds the database at the moment of a snapshot.
struct Runtime {
  std::filesystem::path state_dir;
  bool hq_configured = false;
  store::RetentionLimits limits = {};  ///< of the database
  /// What only the running daemon knows (facts.hpp); empty when it is down or silent.
  std::function<nlohmann::json()> facts;
  /// It runs and does not answer: the database is still being read, its verdicts may be old.
  bool silent = false;
  /// Wall clock used where the facts state no time.
  std::function<UtcMs()> now;
  /// Whether the store is closed; empty: by the opening hours in its settings, if it has any.
  Closed closed{};
};

/// Everything a person or a script may want to know, as one JSON object: `gateway`, `verdict`, `sensors`,
/// `links`, `backlog`, `hq`, `quarantine`, `time`. The shape is described in gateway/status/README.md.
/// Instants are ISO 8601 in UTC. One read transaction of a few milliseconds; SqliteError leaves it.
nlohmann::json snapshot(store::Database& reader, const Runtime& runtime);

/// Serialises whatever a sensor may have put into a name or topic: invalid UTF-8 is replaced.
std::string dump(const nlohmann::json& json, int indent = -1);

}  // namespace lintel::status
