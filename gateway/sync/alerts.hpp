#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/sync/owed.hpp"

namespace lintel::sync {

/// An alert whose last change HQ has not taken yet.
struct OwedAlert {
  std::int64_t id = 0;                 ///< local id
  std::int64_t revision = 0;           ///< of its last change, over all alerts
  std::optional<std::int64_t> sensor;  ///< local id
  std::string kind;
  std::string key;
  std::string severity;
  std::string message;
  std::int64_t opened_at = 0;
  std::optional<std::int64_t> resolved_at;  ///< absent: it is open
};

/// Alerts of one request, in the order in which they changed.
using OwedAlerts = Owed<OwedAlert>;

/// At least as many bytes as append_alerts() writes; 0 for none.
[[nodiscard]] std::size_t width_of(const OwedAlerts& owed);

/// Reads what is owed. Used by one thread; throws store::SqliteError.
class AlertReader {
 public:
  explicit AlertReader(store::Database& reader);

  /// Those that changed after a revision, as many as a request takes.
  [[nodiscard]] OwedAlerts owed(std::int64_t told);

 private:
  store::Statement select_;
};

/// Appends the key `alerts`, if there are any. `id` gives a sensor's id as JSON.
void append_alerts(std::string& out, const OwedAlerts& owed,
                   const std::function<const std::string&(std::int64_t sensor)>& id);

/// What HQ would not take (schema/SYNC.md, "alerts_rejected").
struct AlertRefusal {
  std::size_t position = 0;
  std::string code;
  std::string message;
};

/// What came of the alerts of a request.
struct AlertVerdict {
  std::vector<std::pair<std::int64_t, std::int64_t>> done;  ///< id and revision: not to be told again
  bool again = false;                                       ///< some are to be sent again, later
  std::string refused;  ///< what HQ will never take, and why; empty: nothing
};

/// Judges HQ's answer about the alerts of a request. Pure.
[[nodiscard]] AlertVerdict judge_alerts(const OwedAlerts& told, const std::vector<AlertRefusal>& refused);

/// For the writer thread, inside its transaction: what is done is owed no more. Throws store::SqliteError.
void keep_alerts(store::Database& writer, const AlertVerdict& verdict);
/// HQ is another one: whatever is open or was resolved lately is owed to it.
void owe_all_alerts(store::Database& writer, UtcMs now);

}  // namespace lintel::sync
