#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "firmware-bridge/core/time.hpp"
#include "gateway/health/hours.hpp"
#include "gateway/health/norms.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::health {

/// Feeds the norms from the roll-ups: once an hour all that is learned, every five minutes the last two days.
/// Of the rows only what was learned stays in memory. Writer thread; SqliteError leaves refresh().
class Learned {
 public:
  static constexpr BootTime kFirstAfter = std::chrono::minutes{1};
  static constexpr BootTime kLearnEvery = std::chrono::hours{1};
  static constexpr BootTime kLookEvery = std::chrono::minutes{5};

  /// In which time a sensor could have told of people; nothing: it could not.
  using Bounds = std::function<std::optional<std::pair<UtcMs, UtcMs>>(std::int64_t sensor)>;

  /// Does what is due. True when findings may have changed.
  bool refresh(store::Database& db, const Hours& hours, UtcMs now, BootTime boot, const Bounds& bounds);

  /// What is odd about a sensor's counts.
  [[nodiscard]] std::vector<Finding> of(std::int64_t sensor) const;
  /// A closed set of doors whose balance is off, where it has more than one sensor.
  struct Set {
    std::string key;
    Finding finding;
  };
  [[nodiscard]] const std::vector<Set>& sets() const { return sets_; }
  /// Whether anything has been learned since the start.
  [[nodiscard]] bool ready() const { return ready_; }
  /// The end of the last hour in which a sensor counted anybody, of the last eight weeks.
  [[nodiscard]] std::optional<UtcMs> counted(std::int64_t sensor) const;

 private:
  void learn(store::Database& db, const Hours& hours, UtcMs now);
  void look(store::Database& db, const Hours& hours, UtcMs now, const Bounds& bounds);

  std::map<std::int64_t, Norm> norms_;
  std::map<std::int64_t, Recent> recent_;
  std::map<std::int64_t, std::vector<Finding>> ratios_;
  std::map<std::int64_t, Finding> stuck_;
  std::vector<Set> sets_;
  std::optional<BootTime> first_, learned_, looked_;
  bool ready_ = false;
};

}  // namespace lintel::health
