#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/verdict.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// A state that a sensor came into.
struct StateChange {
  UtcMs at{};
  std::string status;
  std::string kind;  ///< the rule behind it; empty: none
  std::string cause;
};

/// The table `sensor_states`: since when a sensor is as it is, and how often it was otherwise. A state with
/// the same rule behind it is the same state. That nobody can say yet after a restart is no state.
/// Writer thread; SqliteError leaves every call.
class History {
 public:
  static constexpr int kMostOfASensor = 200;
  static constexpr Millis kKept = std::chrono::days{400};

  /// Writes a change, inside the caller's transaction if there is one.
  void note(store::Database& db, std::int64_t sensor, const Verdict& verdict, UtcMs at);
  /// What is too old leaves.
  static void prune(store::Database& db, UtcMs now);
  /// The table is read anew at the next note(); after a rollback.
  void forget() { loaded_ = false; }

 private:
  using State = std::pair<std::string, std::string>;  ///< status and kind
  std::map<std::int64_t, State> latest_;
  bool loaded_ = false;
};

/// The newest changes of a sensor, the newest first. For any reading connection.
std::vector<StateChange> changes_of(store::Database& db, std::int64_t sensor, int most);

/// How long a sensor was in each state of [from, to), by status; time before its first change is left out.
std::map<std::string, Millis> time_in_states(store::Database& db, std::int64_t sensor, UtcMs from, UtcMs to);

}  // namespace lintel::health
