#include "gateway/app/writer.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::app {

namespace {

using namespace std::chrono_literals;
using bridge::Frame;
using bridge::links::Position;

constexpr int kMostCrashes = 3;
constexpr auto kRetryAfterFailure = 1s;
constexpr int kHeldAtOnce = 500;
constexpr auto kJobsWaitAtMost = 50ms;
constexpr auto kSendersWaitAtMost = 50ms;

std::string_view bytes_of(const BootId& boot) {
  return {reinterpret_cast<const char*>(boot.data()), boot.size()};
}

BootId boot_from(std::string_view bytes) {
  BootId boot{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), boot.size()), boot.begin());
  return boot;
}

}  // namespace

Writer::Writer(Parts parts, Options options)
    : parts_(parts),
      options_(std::move(options)),
      cursor_{parts.store.position().segment, parts.store.position().offset},
      committed_(cursor_),
      insert_held_(parts.store.db().prepare(
          "insert into held_frames (boot_id, boot_ns, link, topic, retained, payload) "
          "values (?, ?, ?, ?, ?, ?)")),
      insert_boot_(parts.store.db().prepare(
          "insert into boots (boot_id, offset_ms, source, first_seen_at) values (?, ?, ?, ?) "
          "on conflict do update set offset_ms = excluded.offset_ms, source = excluded.source")) {
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

void Writer::run() {
  while (!stopping_) {
    try {
      turn();
    } catch (const store::SqliteError& error) {
      recover(error.message);
    }
  }
  try {
    if (parts_.store.in_batch()) commit();
  } catch (const store::SqliteError& error) {
    parts_.store.rollback();  // the frames are still in the spool: the next start repeats them
    options_.log(fmt::format("the last batch was not stored and will be repeated: {}", error.message));
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
  if (parts_.store.in_batch() && now >= batch_ends_) commit();
  if (take_frame()) return;
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

void Writer::handle(const Frame& frame, Position position) {
  bool repeat = false;
  if (frame.packet_id != 0) {
    repeat = recent_.is_repeat(frame);
    if (!repeat) recent_.note(frame);
  }
  {
    const std::lock_guard lock(mutex_);
    ++facts_.frames;
    if (repeat) ++facts_.repeats;
  }
  if (repeat) return;
  const auto arrival = parts_.wall.at(frame.boot, frame.arrived);
  if (!arrival) {
    hold(frame);
    return;
  }
  if (frame.full_size != 0) {
    parts_.pipeline.refuse(
        frame, *arrival, "length",
        fmt::format("the message has {} bytes, more than a counting sensor sends; its first {} are kept",
                    frame.full_size, frame.payload.size()));
    return;
  }
  if (parts_.attempts.attempts(position) >= kMostCrashes) {
    parts_.pipeline.refuse(frame, *arrival, "crash", "decoding this frame ended the process three times");
    options_.log(
        fmt::format("a frame of link {} ended the process three times: it is in quarantine, undecoded; "
                    "please report it with a support bundle",
                    frame.link));
    return;
  }
  parts_.attempts.begin(position);
  parts_.pipeline.process(frame, *arrival, {position.segment, position.offset});
  parts_.attempts.end();
}

void Writer::hold(const Frame& frame) {
  insert_held_.bind(std::nullopt, frame.arrived.count(), frame.link, frame.topic, frame.retained,
                    std::nullopt);
  insert_held_.bind_blob(1, bytes_of(frame.boot));
  insert_held_.bind_blob(6, frame.payload);
  insert_held_.run();
}

void Writer::release_held() {
  auto& db = parts_.store.db();
  auto select =
      db.prepare(fmt::format("select id, boot_id, boot_ns, link, topic, retained, payload from held_frames "
                             "order by id limit {}",
                             kHeldAtOnce));
  auto remove = db.prepare("delete from held_frames where id = ?");
  while (select.step()) {
    Frame frame;
    frame.boot = boot_from(select.text(1));
    frame.arrived = BootTime{select.integer(2)};
    const std::string link(select.text(3)), topic(select.text(4)), payload(select.text(6));
    frame.link = link;
    frame.topic = topic;
    frame.retained = select.integer(5) != 0;
    frame.payload = payload;
    const auto arrival = parts_.wall.at(frame.boot, frame.arrived);
    if (!arrival) continue;
    parts_.pipeline.process(frame, *arrival);
    remove.bind(select.integer(0)).run();
  }
}

void Writer::each_second() {
  clock_changed_ |= parts_.wall.observe();
  {
    const std::lock_guard lock(mutex_);
    facts_.clock_source = parts_.wall.current().source;
    facts_.clock_disagreement = parts_.wall.disagreement();
    facts_.refused = parts_.store.quarantine().refused();
  }
  auto& db = parts_.store.db();
  const bool waiting = parts_.wall.now() && db.scalar("select exists (select 1 from held_frames)") != 0;
  if (clock_changed_) {
    open_batch();
    const auto current = parts_.wall.current();
    insert_boot_.bind(std::nullopt, current.offset.count(), clock::to_string(current.source),
                      count_ms(now_or_arrival()));
    insert_boot_.bind_blob(1, bytes_of(parts_.wall.boot()));
    insert_boot_.run();
    clock_changed_ = false;
  }
  if (waiting) {
    open_batch();
    release_held();
  }
  if (parts_.store.recomputing()) {
    // A day a second: readings that arrive meanwhile wait for one at most.
    open_batch();
    parts_.store.recompute_next(now_or_arrival());
  }
  if (options_.each_second) {
    // Looks first and writes only what changed, so an idle store opens no transaction for it.
    options_.each_second(db, now_or_arrival());
  }
}

/// What people said of stored readings, a slice a turn: frames go between.
void Writer::correct() {
  if (!parts_.store.corrections().unfinished()) return;
  open_batch();
  (void)parts_.store.corrections().advance();
}

void Writer::take_jobs() {
  std::deque<Job> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(waiting_);
  }
  for (auto& job : jobs) {
    open_batch();
    running_.push_back(std::move(job));
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
  parts_.store.sensors().flush(parts_.wall.boot(), clock::boot_now());
  parts_.store.commit({cursor_.segment, cursor_.offset}, recent_.save(), now_or_arrival());
  parts_.spool.release(cursor_);
  committed_ = cursor_;
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

void Writer::recover(const std::string& error) {
  parts_.store.rollback();
  parts_.series.load();
  parts_.pipeline.reload();
  parts_.pipeline.load();
  parts_.attempts.end();
  cursor_ = {parts_.store.position().segment, parts_.store.position().offset};
  remember_packets();
  {
    const std::lock_guard lock(mutex_);
    std::move(running_.rbegin(), running_.rend(), std::front_inserter(waiting_));
    running_.clear();
    facts_.error = error;
  }
  options_.log(fmt::format("cannot store readings: {}; frames wait in the spool, next try in {} s", error,
                           std::chrono::seconds(kRetryAfterFailure).count()));
  const auto until = Clock::now() + kRetryAfterFailure;
  while (!stopping_ && Clock::now() < until) parts_.spool.pause(until);
}

UtcMs Writer::now_or_arrival() const {
  return parts_.wall.now().value_or(std::chrono::floor<Millis>(std::chrono::system_clock::now()));
}

}  // namespace lintel::app
