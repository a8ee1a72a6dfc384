#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "firmware-bridge/links/attempt_mark.hpp"
#include "firmware-bridge/links/recent_packets.hpp"
#include "firmware-bridge/links/spool.hpp"
#include "gateway/app/boots.hpp"
#include "gateway/app/held.hpp"
#include "gateway/app/journals.hpp"
#include "gateway/app/pipeline.hpp"
#include "gateway/clock/clock.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/store/retention.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

/// What the writer knows of itself, for status. A copy; any thread may ask.
struct WriterFacts {
  std::string error;  ///< why nothing can be stored at the moment; empty when all is well
  clock::Source clock_source = clock::Source::none;
  std::optional<Millis> clock_uncertainty{};
  Millis clock_disagreement{0};
  bool frames_wait = false;  ///< for the time of their boot
  std::int64_t last_change = 0;
  std::uint64_t frames = 0;   ///< taken from the spool since the start
  std::uint64_t refused = 0;  ///< gone to quarantine since the start
  std::uint64_t repeats = 0;  ///< sent again by the broker, or read again in its journal, and recognised
  std::uint64_t commits = 0;
};

/// The only thread that decodes, counts and writes. It reads the spool from the position the database
/// remembers and commits what it did together with the position reached, so a kill at any instant repeats
/// the uncommitted part and nothing else.
///
/// A failing database (disk full, read-only card) is retried for ever: frames wait in the spool meanwhile.
class Writer {
 public:
  /// Work for the writer's transaction, from other threads.
  using Task = std::function<void(store::Database&, UtcMs now)>;

  struct Parts {
    bridge::links::Spool& spool;
    bridge::links::AttemptMark& attempts;
    store::Store& store;
    counting::SeriesStates& series;
    Pipeline& pipeline;
    Journals& journals;
    clock::WallClock& wall;
    store::Retention& retention;
  };
  struct Options {
    std::chrono::milliseconds commit_interval{50};
    /// After each durable commit, with the last change number; called on the writer thread.
    std::function<void(std::int64_t)> committed;
    /// Once a second inside a batch: health rules and the like.
    Task each_second;
    /// What was written since the last commit is undone: whoever remembers it is to look again.
    std::function<void()> rolled_back{};
    /// SQLite has met damage in the file, which no repetition heals. True: the process is about to end for
    /// it.
    std::function<bool(const std::string&)> damaged{};
    std::function<void(const std::string&)> log;
  };

  Writer(Parts parts, Options options);
  ~Writer();

  void start();
  /// Commits what is in hand and ends the thread.
  void stop();
  /// Runs the task in the next transaction; `done` follows when it is durable.
  void post(Task task, std::function<void()> done = {});
  /// Calls `done` on the writer thread once everything before `position` in the spool is committed. It is
  /// committed within moments of being read, however long the commit interval is.
  void when_stored(bridge::links::Position position, std::function<void()> done);
  [[nodiscard]] WriterFacts facts() const;
  /// For how long the thread has been busy with one thing; about a second when idle. Any thread may ask.
  [[nodiscard]] std::chrono::milliseconds still() const;
  /// HQ stated over HTTPS that it was `time` at `at`. From any thread.
  void time_told(UtcMs time, BootTime at, Millis uncertainty);

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    Task task;
    std::function<void()> done;
  };

  struct Wish {
    bridge::links::Position position;
    std::function<void()> done;
  };

  void run();
  void turn();
  bool take_frame();
  bool is_repeat(const bridge::Frame& frame);
  void handle(const bridge::Frame& frame, bridge::links::Position position);
  void remember_packets();
  void catch_up();
  void clock_changed();
  void each_second();
  void correct();
  void take_jobs();
  void run_job(const Task& task);
  void take_wishes();
  void grant_wishes();
  void open_batch();
  void commit();
  /// False: it ends before everything was as the last commit had left it.
  bool recover(const store::SqliteError& error);
  void begin_anew();
  [[nodiscard]] bool beyond_repair(const store::SqliteError& error);
  void drain();
  [[nodiscard]] UtcMs now_or_arrival() const;

  Parts parts_;
  Options options_;
  bridge::links::RecentPackets recent_;
  bridge::links::Position cursor_;
  bridge::links::Position committed_;
  std::string buffer_;
  Clock::time_point batch_ends_{};
  Clock::time_point next_second_{};
  std::vector<Job> running_;
  int unreadable_ = 0;  ///< times since the last commit that the disk gave back no page
  std::vector<Wish> wishes_;
  HeldFrames held_;
  Boots boots_;

  mutable std::mutex mutex_;
  std::deque<Job> waiting_;   // guarded by mutex_
  std::vector<Wish> wished_;  // guarded by mutex_: not yet seen by the thread
  WriterFacts facts_;         // guarded by mutex_
  std::atomic<bool> stopping_{false};
  std::atomic<Clock::time_point> moved_{Clock::now()};
  std::thread thread_;
};

}  // namespace lintel::app
