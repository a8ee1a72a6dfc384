#include "tests/gateway/sync/applying_writer.hpp"

#include <chrono>
#include <stdexcept>

namespace lintel::test {

namespace {

store::Database open_writer(const std::filesystem::path& file) {
  auto db = store::Database::open(file, store::OpenMode::writer);
  if (!db) throw std::runtime_error(db.error().message);
  db->execute("pragma synchronous = off");
  return std::move(*db);
}

}  // namespace

ApplyingWriter::ApplyingWriter(const std::filesystem::path& file)
    : db_(open_writer(file)), thread_([this] { run(); }) {}

ApplyingWriter::~ApplyingWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

void ApplyingWriter::post(sync::Confirmation confirmation) {
  {
    const std::lock_guard lock(mutex_);
    if (!confirmation.error.empty()) errors_.push_back(confirmation.error);
    queue_.push_back(std::move(confirmation));
  }
  wakeup_.notify_all();
}

void ApplyingWriter::hold(bool on) {
  {
    const std::lock_guard lock(mutex_);
    hold_ = on;
  }
  wakeup_.notify_all();
}

void ApplyingWriter::drop_queued() {
  const std::lock_guard lock(mutex_);
  queue_.clear();
}

void ApplyingWriter::on_commit(std::function<void()> callback) {
  const std::lock_guard calling(calling_);
  on_commit_ = std::move(callback);
}

std::size_t ApplyingWriter::applied() {
  const std::lock_guard lock(mutex_);
  return applied_;
}

std::size_t ApplyingWriter::queued() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

std::vector<std::string> ApplyingWriter::errors() {
  const std::lock_guard lock(mutex_);
  return errors_;
}

/// As store::Readings::owe_again(), on a file that no store has open.
void ApplyingWriter::owe_again(const sync::Resend& again) {
  const std::string table = again.region ? "regional_counting_raw" : "people_counting_raw";
  auto rows = db_.prepare("select change_no from " + table +
                          " where started_at / 86400000 = ? and sensor_id = ? and " +
                          (again.region ? "region" : "line") + " = ? order by change_no");
  rows.bind(again.day, again.sensor, again.label);
  std::vector<std::int64_t> changes;
  while (rows.step()) changes.push_back(rows.integer(0));
  for (const auto change : changes) {
    db_.prepare("update " + table +
                " set change_no = (select next_change_no from writer_state), revision = revision + 1 "
                "where change_no = ?")
        .bind(change)
        .run();
    db_.execute("update writer_state set next_change_no = next_change_no + 1");
  }
}

void ApplyingWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wakeup_.wait(lock, [&] { return stop_ || (!hold_ && !queue_.empty()); });
    if (stop_) return;
    const auto confirmation = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    db_.execute("begin immediate");
    const auto follow_up = sync::apply(
        db_, confirmation, std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()));
    for (const auto& again : follow_up.resend) owe_again(again);
    db_.execute("commit");
    {
      const std::lock_guard calling(calling_);
      if (on_commit_) on_commit_();
    }
    lock.lock();
    ++applied_;
  }
}

}  // namespace lintel::test
