#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/store/sqlite.hpp"
#include "gateway/sync/batch.hpp"
#include "gateway/sync/regions.hpp"

namespace lintel::sync {

/// How far HQ has confirmed, and which HQ that is.
struct Position {
  std::int64_t watermark = 0;
  std::string history;
  std::int64_t config_version = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

/// What the local database says about sync. Used by one thread; throws store::SqliteError.
class LocalState {
 public:
  struct Snapshot {
    std::string epoch;
    std::int64_t last_change = 0;  ///< the highest number given out
    Position durable;
    std::int64_t coverage_news = 0;    ///< highest revision of coverage that HQ should hear of soon
    std::int64_t coverage_told = 0;    ///< HQ knows all up to this revision
    std::int64_t given_up_news = 0;    ///< highest revision of what was given up
    std::int64_t given_up_told = 0;    ///< HQ knows all up to this revision
    std::int64_t alert_news = 0;       ///< highest revision of an alert that is owed; 0: none is
    std::int64_t acceptance_news = 0;  ///< highest revision of a signed walk test
    std::int64_t acceptance_told = 0;  ///< HQ knows all up to this revision
    std::string hq_schema;             ///< by which rules HQ judges readings; empty: not known
    bool counters_owed = false;        ///< HQ is to be asked for the totals of the card before
  };

  explicit LocalState(store::Database& reader);

  [[nodiscard]] Snapshot read();
  /// Sensors of which HQ has not been told that they are so. `all` false: only a change of status counts,
  /// for the time of the last data is old a minute later anyway. At most 500, the rest comes next.
  [[nodiscard]] std::vector<Liveness> liveness(bool all);
  /// Coverage above a revision, as much as a request takes.
  [[nodiscard]] OwedCoverage coverage(std::int64_t told) { return coverage_.owed(told); }
  /// Alerts that are owed above a revision, as many as a request takes.
  [[nodiscard]] OwedAlerts alerts(std::int64_t told) { return alerts_.owed(told); }
  [[nodiscard]] OwedAcceptances acceptances(std::int64_t told) { return acceptances_.owed(told); }
  [[nodiscard]] OwedGivenUp given_up(std::int64_t told) { return given_up_.owed(told); }
  /// Counted regions, as the health states them.
  [[nodiscard]] std::string regions() { return regions_.health(); }
  /// HQ has confirmed a request with these.
  void told(const std::vector<Liveness>& entries);
  /// HQ is another one and knows nothing of it.
  void forget() { told_.clear(); }

 private:
  store::Statement state_;
  store::Statement sensors_;
  CoverageReader coverage_;
  AlertReader alerts_;
  AcceptanceReader acceptances_;
  GivenUpReader given_up_;
  RegionReader regions_;
  std::unordered_map<std::int64_t, Liveness> told_;
};

}  // namespace lintel::sync
