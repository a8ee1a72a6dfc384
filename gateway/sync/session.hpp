#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/sync/batch.hpp"
#include "gateway/sync/credential.hpp"
#include "gateway/sync/http.hpp"
#include "gateway/sync/local_state.hpp"
#include "gateway/sync/options.hpp"
#include "gateway/sync/pacing.hpp"
#include "gateway/sync/verdict.hpp"

namespace lintel::sync {

/// What came of one turn of the loop.
struct Turn {
  enum class Kind {
    nothing,   ///< nothing is owed: no request was made
    unstored,  ///< the writer has yet to keep earlier answers: no request was made
    confirmed,
    failed,
    stopped,
  };
  Kind kind = Kind::nothing;
  bool greeting = false;   ///< the request held no changes
  bool more = false;       ///< more is owed than was sent: go on at once
  Wait pace{0};            ///< HQ asks for this pause, or a rewind does
  bool new_token = false;  ///< refused, but another token may be had by now
  bool shrunk = false;     ///< failed, and the next request is smaller
  Verdict verdict;         ///< of a failure
};

/// The conversation with HQ: builds a request from the local database, sends it, understands the answer
/// and posts it. Knows nothing of threads and waiting. Used by one thread.
///
/// Requests go on from the position that HQ stated last, while the writer makes earlier answers durable;
/// a few may be under way. Under a backlog of more than a request the newest changes go first and once an
/// interval, the rest behind them in order. If answers do not become durable, or the process dies, the
/// durable position counts and HQ is told some changes twice, which it takes as one.
class Session {
 public:
  Session(const Options& options, const Surroundings& surroundings, const std::atomic<bool>& stop);

  /// One turn. `always`: make a request even if nothing is owed.
  [[nodiscard]] Turn turn(bool always);

  [[nodiscard]] std::int64_t watermark() const { return position_.watermark; }
  [[nodiscard]] std::int64_t last_change() const { return last_change_; }
  /// Changes above the watermark that HQ has all the same, because the newest went first.
  [[nodiscard]] std::int64_t live() const { return live_; }
  [[nodiscard]] std::size_t batch_size() const { return size_.get(); }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }
  [[nodiscard]] std::uint64_t rejected() const { return rejected_; }
  [[nodiscard]] std::optional<UtcMs> server_time() const { return server_time_; }
  [[nodiscard]] const std::string& configuration_error() const { return configuration_error_; }
  /// What HQ left out of the coverage it was told last; empty: nothing.
  [[nodiscard]] const std::string& coverage_refused() const { return coverage_refused_; }
  /// What HQ would not take of the alerts it was told last; empty: nothing.
  [[nodiscard]] const std::string& alerts_refused() const { return alerts_refused_; }
  /// What HQ left out of the totals it was told last, or what of its own cannot be used; empty: nothing.
  [[nodiscard]] const std::string& counters_refused() const { return counters_refused_; }
  /// That HQ's newest version of the contract is not ours, and what to do about it; empty: it is.
  [[nodiscard]] const std::string& contract_note() const { return contract_note_; }
  /// Identity of the local database; empty until it has been read.
  [[nodiscard]] const std::string& epoch() const { return epoch_; }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  /// Statements go before the connection they belong to.
  struct Local {
    store::Database reader;
    LocalState state;
    BatchBuilder builder;
    explicit Local(store::Database db) : reader(std::move(db)), state(reader), builder(reader) {}
  };

  [[nodiscard]] Instant now() const;
  [[nodiscard]] bool due(const std::optional<Instant>& last, std::chrono::milliseconds every) const;
  [[nodiscard]] std::optional<Turn> open_local();
  [[nodiscard]] std::optional<Turn> wait_for_writer(const LocalState::Snapshot& snapshot);
  [[nodiscard]] Turn request(bool hello);
  [[nodiscard]] std::optional<std::int64_t> live_after() const;
  [[nodiscard]] BatchOrder order(bool hello);
  [[nodiscard]] Turn understand(Verdict verdict, const Batch& batch, const BatchOrder& order);
  [[nodiscard]] Turn take(Answer answer, const Batch& batch, const BatchOrder& order);
  [[nodiscard]] bool is_owed_more(const Batch& batch, const BatchOrder& order,
                                  const Confirmation& confirmation, bool greeting) const;
  [[nodiscard]] Turn failed(Verdict verdict, const Batch* batch);
  [[nodiscard]] Turn trouble(Course course, Trouble trouble, std::string message, std::string advice);
  [[nodiscard]] Wait pause_of_rewind(bool new_history);
  [[nodiscard]] std::optional<Turn> contradiction(const Answer& answer, const Batch& batch);
  [[nodiscard]] bool is_new_history(const Answer& answer) const;
  [[nodiscard]] Confirmation confirmation_of(Answer& answer, const Batch& batch);
  void advance(Confirmation confirmation);
  void take_contract(const Answer& answer);
  void take_counters(Answer& answer, const Batch& batch, Confirmation& confirmation);
  void take_coverage(const Answer& answer, const BatchOrder& order, Confirmation& confirmation);
  void take_given_up(const Answer& answer, const BatchOrder& order, Confirmation& confirmation);
  void take_acceptances(const Answer& answer, const BatchOrder& order, Confirmation& confirmation);
  void take_alerts(const Answer& answer, const Batch& batch, const BatchOrder& order,
                   Confirmation& confirmation);

  const Options& options_;
  const Surroundings& surroundings_;
  CredentialFile credential_file_;
  Credentials& credentials_;
  Http http_;
  std::string url_;
  std::string shown_;
  std::string token_;
  std::vector<std::string> url_secrets_;
  std::unique_ptr<Local> local_;

  Position position_;
  std::deque<Position> unstored_;  ///< posted, not seen in the database yet
  Instant unstored_since_{};
  bool settle_ = false;  ///< go on only when all answers are durable
  bool greet_ = true;    ///< begin with a request without changes: who is there?
  int rewinds_ = 0;
  std::int64_t highest_ = 0;
  BatchSize size_;
  Backoff backoff_;
  std::optional<Instant> full_liveness_, any_liveness_;  ///< when it was last told; nothing: it is due
  Instant compare_after_{};

  std::string epoch_;
  std::int64_t last_change_ = 0;
  std::uint64_t sent_ = 0, received_ = 0, requests_ = 0, rejected_ = 0;
  std::optional<UtcMs> server_time_;
  std::string configuration_error_;

  std::int64_t live_ = 0;           ///< newest change that HQ has ahead of the backlog
  bool was_live_ = false;           ///< the last request told of the present
  std::optional<Instant> live_at_;  ///< when HQ was last told the newest ahead of the backlog

  Telling coverage_, given_up_, alerts_, acceptances_;
  Telling asking_;  ///< for the totals of the card before
  Telling totals_;  ///< of this one
  std::string coverage_refused_, alerts_refused_, counters_refused_;

  std::int64_t spoken_;  ///< version of the contract that HQ is known to understand
  std::string contract_note_;
  std::string hq_schema_;  ///< by which rules HQ judges readings, as the local database knows
};

}  // namespace lintel::sync
