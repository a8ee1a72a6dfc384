#pragma once

#include <chrono>

#include "gateway/sync/options.hpp"
#include "gateway/sync/session.hpp"

namespace lintel::sync {

/// When the next turn is due. Pure: instants and randomness come from outside.
class Schedule {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit Schedule(const Timing& timing)
      : timing_(timing), backoff_(timing.backoff_base, timing.backoff_cap) {}

  /// Notes what came of a turn that ended at `now`; `random` is uniform in [0, 1).
  void after(const Turn& turn, Instant now, double random);

  /// The next turn is due at this instant; `news`: something was committed since the last turn.
  [[nodiscard]] Instant due(bool news) const { return news ? with_news_ : latest_; }
  /// A request is due even if nothing is owed, to say that this store is alive.
  [[nodiscard]] bool silent_too_long(Instant now) const { return now >= heartbeat_; }
  /// Attempts in a row that failed.
  [[nodiscard]] int failures() const { return failures_; }

 private:
  void after_confirmation(const Turn& turn, Instant now);
  void after_failure(const Turn& turn, Instant now, double random);

  Timing timing_;
  Backoff backoff_;
  Instant with_news_{};
  Instant latest_{};
  Instant heartbeat_{};
  int failures_ = 0;
};

}  // namespace lintel::sync
