#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "gateway/sync/options.hpp"
#include "gateway/sync/session.hpp"

namespace lintel::sync {

/// Where in every interval this gateway's upload slot lies: the same after any restart, and over many
/// gateways spread evenly. `identity` is what tells it from others.
[[nodiscard]] Wait slot_of(std::string_view identity, Wait interval);

/// When the next turn is due. Pure: instants and randomness come from outside.
///
/// While little is owed, requests go in the slots of this gateway, once an interval, so that stores whose
/// sensors all report on the minute do not ask all at once. What was committed waits for the next slot but
/// one that begins within a tenth of an interval of the last request: at most an interval and a tenth. A
/// backlog, the first turn, a retry and what a person asks for know no slots.
class Schedule {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit Schedule(const Timing& timing)
      : timing_(timing), backoff_(timing.backoff_base, timing.backoff_cap) {}

  /// A slot begins at this instant, and at every interval before and after it. Without it there are none.
  void slot_at(Instant slot) { slot_ = slot; }

  /// Notes what came of a turn that ended at `now`; `random` is uniform in [0, 1).
  void after(const Turn& turn, Instant now, double random);
  /// Something was committed: what is due with news is so from the next slot on. Only the first call after
  /// a turn counts.
  void heard(Instant now);

  /// The next turn is due at this instant; `news`: something was committed since the last turn.
  [[nodiscard]] Instant due(bool news) const { return news ? with_news_ : latest_; }
  /// A request is due even if nothing is owed, to say that this store is alive.
  [[nodiscard]] bool silent_too_long(Instant now) const { return now >= heartbeat_; }
  /// Attempts in a row that failed.
  [[nodiscard]] int failures() const { return failures_; }

 private:
  void after_confirmation(const Turn& turn, Instant now);
  void after_failure(const Turn& turn, Instant now, double random);
  [[nodiscard]] Instant in_slot(Instant at) const;

  Timing timing_;
  Backoff backoff_;
  std::optional<Instant> slot_;
  Instant with_news_{};
  Instant latest_{};
  Instant heartbeat_{};
  bool slots_hold_ = false;  ///< with_news_ is the beginning of a rest, and not of a retry
  bool heard_ = false;
  int failures_ = 0;
};

}  // namespace lintel::sync
