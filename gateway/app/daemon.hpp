#pragma once

#include <atomic>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/fair_share.hpp"
#include "gateway/app/administration.hpp"
#include "gateway/app/heard.hpp"
#include "gateway/app/journals.hpp"
#include "gateway/app/links.hpp"
#include "gateway/app/loop_commits.hpp"
#include "gateway/app/outbox.hpp"
#include "gateway/app/pipeline.hpp"
#include "gateway/app/supervisor.hpp"
#include "gateway/app/writer.hpp"
#include "gateway/cli/profiles.hpp"
#include "gateway/config/config.hpp"
#include "gateway/enrol/card_keeper.hpp"
#include "gateway/evidence/log.hpp"
#include "gateway/health/own_watch.hpp"
#include "gateway/health/watch.hpp"
#include "gateway/status/actions.hpp"
#include "gateway/status/control.hpp"
#include "gateway/status/facts.hpp"
#include "gateway/status/http_server.hpp"
#include "gateway/status/page.hpp"
#include "gateway/sync/sync.hpp"
#include "gateway/sync/web_time.hpp"

namespace lintel::app {

/// The gateway. Its members in order of construction are its architecture: bytes wait in the spool, the
/// writer decodes and stores them, sync sends them on, links bring them, faces show them. Ended in the
/// opposite order, links first among the threads, so that what a sensor was told is received is stored.
class Daemon {
 public:
  /// Opens everything a person can have misconfigured: state directory, spool, listening address. `usual`
  /// is how sync waits where the configuration has nothing to say.
  static Result<std::unique_ptr<Daemon>> create(const config::Config& config,
                                                const sync::Options& usual = {});
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Until SIGTERM or SIGINT, or until the database turns out to be damaged.
  void run();
  /// It ended because of that: the next one brings what can be read into a new database.
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  struct Opened {
    std::unique_ptr<store::Store> store;
    std::unique_ptr<bridge::links::Spool> spool;
    std::unique_ptr<bridge::links::AttemptMark> attempts;
  };
  Daemon(const config::Config& config, sync::Options usual, Opened opened);

  static Result<Opened> open(const config::Config& config);
  Result<void> open_faces();
  Result<void> open_page();
  status::ControlServer::Verbs control_verbs();
  std::shared_ptr<status::Actions> page_actions();
  Writer::Options writer_options();
  bool leave_damaged(const std::string& what);
  sync::Options sync_options();
  std::unique_ptr<enrol::CardKeeper> keep_card();
  Links::JournalKeeping journal_keeping();
  sync::Surroundings sync_surroundings();
  sync::WebClock::Surroundings web_clock_surroundings();
  void follow_calendar(UtcMs now);
  void watch_health(store::Database& db, UtcMs now);
  void keep_telling_supervisor();
  [[nodiscard]] std::string storage_error() const;
  [[nodiscard]] status::Facts facts() const;
  [[nodiscard]] status::Facts::Hq hq_facts() const;
  [[nodiscard]] std::optional<UtcMs> now() const;

  const config::Config config_;
  const sync::Options usual_;
  const BootTime started_;
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_{loop_};
  const Supervisor supervisor_ = Supervisor::from_environment();
  boost::asio::steady_timer pulse_{loop_};

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<bridge::links::Spool> spool_;
  std::unique_ptr<bridge::links::AttemptMark> attempts_;
  counting::SeriesStates series_;
  const cli::Decoders decoders_;
  Outbox outbox_;                            // of the writer thread, which ends before links_ does
  std::unique_ptr<evidence::Log> evidence_;  ///< null: none is kept
  Pipeline pipeline_;
  Journals journals_;
  clock::WallClock wall_;              // of the writer thread, once it runs
  std::atomic<std::int64_t> offset_;   // wall_'s offset in ms for the other threads; kUnknown without time
  std::atomic<clock::Source> source_;  // the same of its source
  health::Watch watch_;
  health::OwnWatch own_;
  std::uint64_t configured_ = 0;   // of the writer thread: the pipeline's configuration that watch_ has
  bool occupancy_posted_ = false;  // of the writer thread, as the next
  bool coverage_posted_ = false;
  std::atomic<bool> damaged_{false};
  std::atomic<bool> card_stop_{false};
  std::unique_ptr<enrol::CardKeeper> card_;  // of the sync thread; null: the token comes from a file
  sync::Sync sync_;
  sync::WebClock web_clock_;
  store::Retention retention_;  // of the writer thread
  Writer writer_;
  LoopCommits commits_;
  bridge::links::FairShare fair_;
  Heard heard_;
  Links links_;
  Administration administration_;  // of the writer thread
  std::unique_ptr<status::ControlServer> control_;
  std::unique_ptr<status::Page> page_;
  std::unique_ptr<status::HttpServer> http_;
};

}  // namespace lintel::app
