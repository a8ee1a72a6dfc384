#include "gateway/sync/sync.hpp"

#include <fmt/format.h>

namespace lintel::sync {

namespace {

using Steady = std::chrono::steady_clock;

// A failure is written to the card when it is another one, but not more often than this, and now and
// then while it lasts.
constexpr std::chrono::seconds kNewFailure{30};
constexpr std::chrono::minutes kSameFailure{5};

UtcMs host_clock() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

}  // namespace

const char* to_string(State state) {
  switch (state) {
    case State::off: return "off";
    case State::starting: return "starting";
    case State::current: return "current";
    case State::draining: return "draining";
    case State::failing: return "failing";
    case State::stopped: return "stopped";
  }
  return "?";
}

Sync::Sync(Options options, Surroundings surroundings)
    : options_(std::move(options)), surroundings_(std::move(surroundings)) {
  if (!surroundings_.random) surroundings_.random = own_random();
  if (!surroundings_.utc) surroundings_.utc = host_clock;
  status_.url = shown_url(options_.url);
}

Sync::~Sync() {
  stop();
}

void Sync::start() {
  if (options_.url.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    status_.state = State::starting;
  }
  thread_ = std::thread([this] { run(); });
}

void Sync::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (status_.state != State::off) status_.state = State::stopped;
  }
  wakeup_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sync::notify() {
  if (news_.exchange(true)) return;
  // The lock orders this after a wait that has just looked at news_.
  const std::lock_guard lock(mutex_);
  wakeup_.notify_all();
}

void Sync::wake() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  wakeup_.notify_all();
}

Status Sync::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Sync::run() {
  Session session(options_, surroundings_, stop_);
  Schedule schedule(options_.timing);
  bool asked = false;
  while (!stop_) {
    news_ = false;
    const auto turn = session.turn(asked || schedule.silent_too_long(Steady::now()));
    if (turn.kind == Turn::Kind::stopped) return;
    place_slots(session, schedule);
    schedule.after(turn, Steady::now(), surroundings_.random());
    report(session, turn, schedule);
    if (!wait(schedule, asked)) return;
  }
}

void Sync::place_slots(const Session& session, Schedule& schedule) const {
  if (session.epoch().empty()) return;
  const auto& interval = options_.timing.interval;
  const auto now = surroundings_.utc().time_since_epoch() % interval;
  schedule.slot_at(Steady::now() + slot_of(session.epoch(), interval) - now);
}

bool Sync::wait(Schedule& schedule, bool& asked) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop_) return false;
    asked = std::exchange(asked_, false);
    if (news_) schedule.heard(Steady::now());
    const auto due = schedule.due(news_);
    if (asked || Steady::now() >= due) return true;
    wakeup_.wait_until(lock, due);
  }
}

void Sync::report(const Session& session, const Turn& turn, const Schedule& schedule) {
  const bool attempted = turn.kind == Turn::Kind::confirmed || turn.kind == Turn::Kind::failed;
  if (turn.kind == Turn::Kind::failed) post_failure(session, turn, schedule.failures());
  const auto now = surroundings_.utc();
  const auto until = std::chrono::duration_cast<Millis>(schedule.due(false) - Steady::now());
  std::string recovered, left_out, untaken, totals, contract;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    status_.watermark = session.watermark();
    status_.last_change = session.last_change();
    status_.live = session.live();
    status_.batch_size = session.batch_size();
    status_.requests = session.requests();
    status_.rejected = session.rejected();
    status_.bytes_sent = session.sent();
    status_.bytes_received = session.received();
    status_.server_time = session.server_time();
    status_.configuration_error = session.configuration_error();
    left_out = status_.coverage_refused != session.coverage_refused() ? session.coverage_refused() : "";
    status_.coverage_refused = session.coverage_refused();
    untaken = status_.alerts_refused != session.alerts_refused() ? session.alerts_refused() : "";
    status_.alerts_refused = session.alerts_refused();
    totals = status_.counters_refused != session.counters_refused() ? session.counters_refused() : "";
    status_.counters_refused = session.counters_refused();
    contract = status_.contract_note != session.contract_note() ? session.contract_note() : "";
    status_.contract_note = session.contract_note();
    status_.failures = schedule.failures();
    status_.next_try = now + std::max(until, Millis{0});
    if (attempted) status_.last_attempt = now;
    if (turn.kind == Turn::Kind::confirmed) {
      status_.last_success = now;
      status_.state = turn.more ? State::draining : State::current;
      if (schedule.failures() == 0 && !status_.error.empty()) {
        recovered = fmt::format("sync works again with {}", status_.url);
        status_.trouble = Trouble::none;
        status_.error.clear();
        status_.advice.clear();
      }
    }
  }
  if (!contract.empty()) log(contract);
  if (!left_out.empty()) log(fmt::format("coverage: {}; the counts themselves are there", left_out));
  if (!untaken.empty()) log(fmt::format("HQ did not take an alert: {}; it stays in the list here", untaken));
  if (!totals.empty()) log(fmt::format("totals: {}; the counts themselves are there", totals));
  if (!recovered.empty()) {
    posted_error_.clear();
    log(recovered);
  }
  if (turn.kind == Turn::Kind::failed) report_failure(turn);
}

void Sync::report_failure(const Turn& turn) {
  bool news = false;
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return;
    news = status_.trouble != turn.verdict.trouble || status_.error.empty();
    status_.state = State::failing;
    status_.trouble = turn.verdict.trouble;
    status_.error = turn.verdict.message;
    status_.advice = turn.verdict.advice;
  }
  if (news) log(fmt::format("sync failed: {}; {}", turn.verdict.message, turn.verdict.advice));
}

void Sync::post_failure(const Session& session, const Turn& turn, int failures) {
  if (session.epoch().empty()) return;
  const auto now = Steady::now();
  const auto pause = posted_error_ == turn.verdict.message ? std::chrono::seconds{kSameFailure} : kNewFailure;
  if (!posted_error_.empty() && now - posted_at_ < pause) return;
  posted_error_ = turn.verdict.message;
  posted_at_ = now;
  Confirmation confirmation;
  confirmation.epoch = session.epoch();
  confirmation.attempted_at = surroundings_.utc();
  confirmation.error = turn.verdict.message;
  if (!turn.verdict.advice.empty()) confirmation.error += "; " + turn.verdict.advice;
  confirmation.failures = failures;
  surroundings_.post(std::move(confirmation));
}

void Sync::log(const std::string& line) {
  if (surroundings_.log) surroundings_.log(line);
}

}  // namespace lintel::sync
