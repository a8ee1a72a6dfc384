#include "gateway/app/writer.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace lintel::app {

namespace {

using namespace std::chrono_literals;
using bridge::Frame;
using bridge::links::Position;

constexpr int kMostCrashes = 3;
constexpr auto kRetryAfterFailure = 1s;
constexpr auto kDrainAtMost = 20s;  // TimeoutStopSec of the unit is 30
constexpr int kMostUnreadable = 10;
constexpr int kHeldAtOnce = 500;
constexpr auto kJobsWaitAtMost = 50ms;
constexpr auto kSendersWaitAtMost = 50ms;

}  // namespace

Writer::Writer(Parts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      cursor_{parts.store.position().segment, parts.store.position().offset},
      committed_(cursor_),
      held_(parts.store.db()),
      boots_(parts.store, parts.series, parts.wall) {
  remember_packets();
}

/// What the database kept covers a power cut; what is left of the spool goes further back.
void Writer::remember_packets() {
  recent_.restore(parts_.store.recent_packets());
  parts_.spool.recall(cursor_, [this](const Frame& frame) { recent_.note(frame); });
}

Writer::~Writer() {
  stop();
}

void Writer::start() {
  thread_ = std::thread([this] { run(); });
}

void Writer::stop() {
  stopping_ = true;
  parts_.spool.wake();
  if (thread_.joinable()) thread_.join();
}

void Writer::post(Task task, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(task), std::move(done)});
  }
  parts_.spool.wake();
}

void Writer::when_stored(Position position, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    wished_.push_back({position, std::move(done)});
  }
  parts_.spool.wake();
}

WriterFacts Writer::facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

std::chrono::milliseconds Writer::still() const {
  return std::chrono::floor<std::chrono::milliseconds>(Clock::now() - moved_.load());
}

void Writer::run() {
  bool sound = true;
  while (!stopping_) {
    moved_ = Clock::now();
    try {
      turn();
    } catch (const store::SqliteError& error) {
      sound = recover(error);
    }
  }
  try {
    if (sound) drain();
    if (sound && parts_.store.in_batch()) commit();
  } catch (const store::SqliteError& error) {
    // Closing the file undoes it, and the frames are still in the spool: the next start repeats them.
    options_.log(fmt::format("the last batch was not stored and will be repeated: {}", error.message));
  }
}

/// What sensors were told is received goes into the database before the spool, which is memory, may go.
void Writer::drain() {
  const auto until = Clock::now() + kDrainAtMost;
  while (Clock::now() < until && take_frame()) {
    if (parts_.store.in_batch() && Clock::now() >= batch_ends_) commit();
  }
}

void Writer::turn() {
  const auto now = Clock::now();
  if (now >= next_second_) {
    next_second_ = now + 1s;
    each_second();
  }
  take_jobs();
  correct();
  take_wishes();
  catch_up();
  if (parts_.store.in_batch() && now >= batch_ends_) commit();
  if (take_frame()) return;
  boots_.met_all();
  if (!parts_.store.in_batch()) {  // nothing is left to read, and nothing to commit
    for (const auto& wish : std::exchange(wishes_, {})) wish.done();
  }
  if (parts_.store.corrections().unfinished()) return;
  parts_.spool.wait(parts_.store.in_batch() ? std::min(batch_ends_, next_second_) : next_second_);
}

bool Writer::take_frame() {
  const Position position = cursor_;
  Frame frame;
  Position next = cursor_;
  if (!parts_.spool.read(next, frame, buffer_)) return false;
  open_batch();
  handle(frame, position);
  cursor_ = next;
  return true;
}

bool Writer::is_repeat(const Frame& frame) {
  if (frame.packet_id != 0) {
    if (recent_.is_repeat(frame)) return true;
    recent_.note(frame);
  }
  return frame.journal.journal != 0 && !parts_.journals.take(frame);
}

void Writer::handle(const Frame& frame, Position position) {
  const bool repeat = is_repeat(frame);
  {
    const std::lock_guard lock(mutex_);
    ++facts_.frames;
    if (repeat) ++facts_.repeats;
  }
  if (repeat) return;
  boots_.meet(frame.boot);
  auto arrival = parts_.wall.arrival(frame.boot, frame.arrived);
  const UtcMs arrived = arrival ? arrival->at : now_or_arrival();
  if (frame.full_size != 0) {
    parts_.pipeline.refuse(
        frame, arrived, "length",
        fmt::format("the message has {} bytes, more than a counting sensor sends; its first {} are kept",
                    frame.full_size, frame.payload.size()));
    return;
  }
  if (parts_.attempts.attempts(position) >= kMostCrashes) {
    parts_.pipeline.refuse(frame, arrived, "crash", "decoding this frame ended the process three times");
    options_.log(
        fmt::format("a frame of link {} ended the process three times: it is in quarantine, undecoded; "
                    "please report it with a support bundle",
                    frame.link));
    return;
  }
  parts_.attempts.begin(position);
  if (!arrival || held_.any()) {
    held_.hold(frame);
    parts_.pipeline.hear(frame, frame.boot == parts_.wall.boot());
  } else {
    parts_.pipeline.process(frame, *arrival, {position.segment, position.offset});
  }
  parts_.attempts.end();
}

/// What waited for the time goes first; then what the time has moved.
void Writer::catch_up() {
  if (boots_.changed()) {
    open_batch();
    boots_.keep(now_or_arrival());
  }
  if (held_.due(parts_.wall)) {
    open_batch();
    held_.release(parts_.wall, kHeldAtOnce, [this](const Frame& frame, const clock::Arrival& arrival) {
      parts_.pipeline.process(frame, arrival);
    });
  } else if (boots_.moving()) {
    open_batch();
    boots_.move();
  }
}

void Writer::time_told(UtcMs time, BootTime at, Millis uncertainty) {
  post([this, time, at, uncertainty](store::Database&, UtcMs) {
    if (parts_.wall.offer(time, at, uncertainty)) clock_changed();
  });
}

void Writer::clock_changed() {
  const auto by = boots_.notice();
  if (!by) return;
  parts_.pipeline.clock_replaced();
  open_batch();
  const UtcMs booted{parts_.wall.current().offset - *by};  // as it was believed to be
  parts_.pipeline.coverage().shift(booted, booted + std::chrono::floor<Millis>(clock::boot_now()), *by);
  options_.log(
      fmt::format("the machine's own clock was {} s {}, as {} shows: what was recorded on it is moved",
                  std::abs(std::chrono::duration_cast<std::chrono::seconds>(*by).count()),
                  *by < Millis{0} ? "ahead" : "behind", clock::to_string(parts_.wall.current().source)));
}

void Writer::each_second() {
  if (parts_.wall.observe()) clock_changed();
  {
    const std::lock_guard lock(mutex_);
    facts_.clock_source = parts_.wall.current().source;
    facts_.clock_uncertainty = parts_.wall.current().uncertainty;
    facts_.frames_wait = held_.any();
    facts_.clock_disagreement = parts_.wall.disagreement();
    facts_.refused = parts_.store.quarantine().refused();
  }
  if (parts_.store.recomputing()) {
    // A day a second: readings that arrive meanwhile wait for one at most.
    open_batch();
    parts_.store.recompute_next(now_or_arrival());
  }
  if (parts_.retention.due(parts_.wall.now(), Clock::now())) {
    open_batch();
    parts_.retention.step(now_or_arrival());
  }
  if (options_.each_second) {
    // Looks first and writes only what changed, so an idle store opens no transaction for it.
    options_.each_second(parts_.store.db(), now_or_arrival());
  }
}

/// What people said of stored readings, a slice a turn: frames go between.
void Writer::correct() {
  if (!parts_.store.corrections().unfinished()) return;
  open_batch();
  (void)parts_.store.corrections().advance();
}

void Writer::take_jobs() {
  std::size_t most = 0;  // those that come meanwhile have their turn
  {
    const std::lock_guard lock(mutex_);
    most = waiting_.size();
  }
  for (; most > 0; --most) {
    open_batch();
    {
      const std::lock_guard lock(mutex_);
      running_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    run_job(running_.back().task);
    batch_ends_ = std::min(batch_ends_, Clock::now() + kJobsWaitAtMost);
  }
}

void Writer::take_wishes() {
  {
    const std::lock_guard lock(mutex_);
    std::move(wished_.begin(), wished_.end(), std::back_inserter(wishes_));
    wished_.clear();
  }
  if (!wishes_.empty()) batch_ends_ = std::min(batch_ends_, Clock::now() + kSendersWaitAtMost);
}

void Writer::grant_wishes() {
  const auto open = std::partition(wishes_.begin(), wishes_.end(),
                                   [this](const Wish& wish) { return committed_ < wish.position; });
  std::vector<Wish> granted(std::make_move_iterator(open), std::make_move_iterator(wishes_.end()));
  wishes_.erase(open, wishes_.end());
  for (const auto& wish : granted) wish.done();
}

void Writer::run_job(const Task& task) {
  auto& db = parts_.store.db();
  db.execute("savepoint job");
  try {
    task(db, now_or_arrival());
  } catch (const store::SqliteError& error) {
    // What contradicts the tables' rules would do so at every retry: undo it alone, and say so.
    if ((error.code & 0xff) != SQLITE_CONSTRAINT) throw;
    db.execute("rollback to job");
    parts_.store.sensors().reread();
    parts_.pipeline.reload();
    options_.log(fmt::format("a change was refused by the database and undone: {}", error.message));
  }
  db.execute("release job");
}

void Writer::open_batch() {
  if (parts_.store.in_batch()) return;
  parts_.store.begin();
  batch_ends_ = Clock::now() + options_.commit_interval;
}

void Writer::commit() {
  parts_.series.flush();
  parts_.pipeline.flush();
  parts_.journals.flush();
  parts_.store.sensors().flush(parts_.wall.boot(), clock::boot_now());
  boots_.alive(clock::boot_now());
  parts_.store.commit({cursor_.segment, cursor_.offset}, recent_.save(), now_or_arrival());
  parts_.spool.release(cursor_);
  committed_ = cursor_;
  unreadable_ = 0;
  boots_.committed();
  parts_.journals.committed();
  grant_wishes();
  auto done = std::exchange(running_, {});
  for (auto& job : done) {
    if (job.done) job.done();
  }
  const auto last = parts_.store.last_change();
  {
    const std::lock_guard lock(mutex_);
    ++facts_.commits;
    facts_.last_change = last;
    facts_.error.clear();
  }
  if (options_.committed) options_.committed(last);
}

/// A page that cannot be read may be a cable's fault once, not ten times in a row.
bool Writer::beyond_repair(const store::SqliteError& error) {
  if (error.code == SQLITE_IOERR_READ || error.code == SQLITE_IOERR_SHORT_READ) ++unreadable_;
  if (!error.damage() && unreadable_ < kMostUnreadable) return false;
  return options_.damaged && options_.damaged(error.message);
}

/// Everything as the last commit left it.
void Writer::begin_anew() {
  parts_.store.rollback();
  parts_.series.load();
  parts_.pipeline.reload();
  parts_.pipeline.load();
  parts_.journals.load();
  held_.load();
  boots_.rolled_back();
  parts_.retention.load();
  if (options_.rolled_back) options_.rolled_back();
  cursor_ = {parts_.store.position().segment, parts_.store.position().offset};
  remember_packets();
}

bool Writer::recover(const store::SqliteError& failure) {
  parts_.attempts.end();
  const auto& error = failure.message;
  {
    const std::lock_guard lock(mutex_);
    std::move(running_.rbegin(), running_.rend(), std::front_inserter(waiting_));
    running_.clear();
    facts_.error = error;
  }
  options_.log(fmt::format("cannot store readings: {}; frames wait in the spool, next try in {} s", error,
                           std::chrono::seconds(kRetryAfterFailure).count()));
  bool ending = beyond_repair(failure), anew = false;
  do {
    try {
      if (!ending) begin_anew();
      anew = !ending;
    } catch (const store::SqliteError& again) {
      ending = beyond_repair(again);
    }
    const auto until = Clock::now() + kRetryAfterFailure;
    while (!stopping_ && Clock::now() < until) parts_.spool.pause(until);
    moved_ = Clock::now();
  } while (!anew && !stopping_);
  return anew;
}

UtcMs Writer::now_or_arrival() const {
  return parts_.wall.now().value_or(std::chrono::floor<Millis>(std::chrono::system_clock::now()));
}

}  // namespace lintel::app
