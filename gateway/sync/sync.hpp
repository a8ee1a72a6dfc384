#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gateway/sync/confirmation.hpp"
#include "gateway/sync/options.hpp"
#include "gateway/sync/schedule.hpp"
#include "gateway/sync/session.hpp"

namespace lintel::sync {

enum class State {
  off,       ///< no [hq] url: not configured
  starting,  ///< no attempt has ended yet
  current,   ///< HQ has confirmed all there was at the last request
  draining,  ///< a backlog is being sent
  failing,   ///< the last attempt failed; the next one is planned
  stopped,
};

[[nodiscard]] const char* to_string(State state);

/// What a status page says about sync. Counters are since the start of the process.
struct Status {
  State state = State::off;
  std::string url;  ///< without secrets
  std::optional<UtcMs> last_attempt;
  std::optional<UtcMs> last_success;
  std::optional<UtcMs> next_try;  ///< at the latest
  int failures = 0;               ///< in a row
  Trouble trouble = Trouble::none;
  std::string error;                ///< what happened; empty: all is well
  std::string advice;               ///< what to try
  std::string configuration_error;  ///< HQ's configuration could not be used: where and why
  std::int64_t live = 0;            ///< HQ has the newest changes up to here, ahead of the watermark
  std::string coverage_refused;     ///< what HQ left out of what it was told of coverage, and why
  std::string alerts_refused;       ///< what HQ would not take of the alerts it was told last, and why
  std::string counters_refused;     ///< what HQ left out of the totals, or what of its own cannot be used
  std::string contract_note;        ///< HQ's newest version of the contract is not ours; empty: it is
  std::int64_t watermark = 0;
  std::int64_t last_change = 0;
  std::size_t batch_size = 0;
  std::uint64_t requests = 0;
  std::uint64_t rejected = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::optional<UtcMs> server_time;  ///< HQ's clock at the last success
};

/// Keeps HQ up to date, on a thread of its own with a reading connection of its own. It writes nothing:
/// what it learns goes through `post` to the writer, which calls apply(). Collection never depends on it.
/// Changes and the counter they are numbered from must be committed together: a number that was given out
/// and has no row counts as superseded.
class Sync {
 public:
  Sync(Options options, Surroundings surroundings);
  ~Sync();  ///< stops
  Sync(const Sync&) = delete;
  Sync& operator=(const Sync&) = delete;

  /// Begins, unless no URL is configured. Call once.
  void start();
  /// Ends a running request within a second and joins the thread. May be called twice.
  void stop();

  /// The writer has committed. Cheap; any thread.
  void notify();
  /// Somebody wants a request now: any wait is cut short. Any thread.
  void wake();

  /// Any thread.
  [[nodiscard]] Status status() const;

 private:
  using Instant = Schedule::Instant;

  void run();
  /// False: stopped. Sets `asked` if a person asked for a request.
  [[nodiscard]] bool wait(Schedule& schedule, bool& asked);
  /// Tells the schedule where this gateway's slots lie, by the wall clock as it is now.
  void place_slots(const Session& session, Schedule& schedule) const;
  void report(const Session& session, const Turn& turn, const Schedule& schedule);
  void report_failure(const Turn& turn);
  void post_failure(const Session& session, const Turn& turn, int failures);
  void log(const std::string& line);

  // Constant after construction.
  const Options options_;
  Surroundings surroundings_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> news_{false};
  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  bool asked_ = false;  // guarded by mutex_
  Status status_;       // guarded by mutex_

  // Of the sync thread.
  std::string posted_error_;
  Instant posted_at_{};
  std::thread thread_;
};

}  // namespace lintel::sync
