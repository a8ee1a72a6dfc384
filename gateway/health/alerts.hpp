#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/finding.hpp"
#include "gateway/health/kinds.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// Something that is so now, and of which people are to know if it stays so.
struct AlertCondition {
  std::string_view kind;  ///< one of the judge's kinds
  std::string key;        ///< of what, apart from the kind: a serial, the name of a link
  Severity severity = Severity::warning;
  std::string message;                   ///< what happened, to which thing, what to try
  std::optional<std::int64_t> sensor{};  ///< if it is about one
};

/// What one judge finds at one instant.
struct Judgement {
  std::vector<AlertCondition> conditions{};
  /// Of these kinds and keys nobody can say now: what is open stays so, what is not does not begin. An empty
  /// key is every key of the kind.
  std::vector<std::pair<std::string_view, std::string>> undecided{};
};

/// From conditions to alerts: opened once for a kind and key, escalated, resolved when the condition is over,
/// damped and quiet while the store is closed, all as the table of kinds says. Rows go into `alerts`, whose
/// triggers owe them to HQ. A judge has one of its own, with the kinds that it judges; alerts of other kinds
/// are none of its business. Durations are measured on the boot clock, so steps of the wall clock change
/// nothing; while the time is not known, nothing opens and nothing resolves.
///
/// What is open survives a restart, how long a condition has lasted does not: it is damped anew.
/// Writer thread. SqliteError leaves look(); call forget() after a rollback.
class Alerts {
 public:
  explicit Alerts(std::span<const KindRule> kinds) : kinds_(kinds) {}

  struct Now {
    BootTime boot{};
    std::optional<UtcMs> wall{};  ///< absent: not known
    bool open = true;             ///< the store is
  };
  /// Call it often, at least once a minute: more time than that between two calls is not reckoned.
  void look(store::Database& db, const Judgement& judgement, const Now& now);
  /// The table is read anew at the next look().
  void forget();

 private:
  struct Row {
    std::int64_t id = 0;
    Severity severity = Severity::warning;
    Millis open_for{0};
  };
  struct Known {
    const KindRule* rule = nullptr;
    std::optional<Millis> held{}, gone{};  ///< since it was first found true, or untrue; absent: it is not so
    bool seen = false;                     ///< in this look
    std::optional<Row> row{};
    std::deque<BootTime> openings{};  ///< of the last 24 hours
  };
  using Key = std::pair<std::string_view, std::string>;

  void load(store::Database& db, const Now& now);
  void stands(store::Database& db, const AlertCondition& condition, Known& known, Millis passed,
              const Now& now);
  void open(store::Database& db, const AlertCondition& condition, Known& known, const Now& now);
  void raise(store::Database& db, const AlertCondition& condition, Known& known, const Now& now);
  void ends(store::Database& db, Known& known, Millis passed, const Now& now);
  [[nodiscard]] const KindRule* rule_of(std::string_view kind) const;

  const std::span<const KindRule> kinds_;
  std::map<Key, Known> known_;
  std::optional<BootTime> looked_;
  bool loaded_ = false;
};

/// Somebody has seen an open alert and takes care of it: it stays acknowledged until it ends or becomes
/// worse. False: no alert of that number is open and waits for that.
bool acknowledge(store::Database& db, std::int64_t id, std::string_view by, UtcMs now);

/// Alerts that ended longer ago leave, as they do at HQ, if HQ has them.
void forget_old_alerts(store::Database& db, UtcMs now);

}  // namespace lintel::health
