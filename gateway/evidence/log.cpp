#include "gateway/evidence/log.hpp"

#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/core/gzip.hpp"

namespace lintel::evidence {

namespace {

constexpr std::size_t kPackAt = 256 << 10;     // bytes of payloads: worth packing at once
constexpr std::size_t kMostWaiting = 8 << 20;  // bytes of payloads: the disk does not keep up

std::size_t weight(const Record& record) {
  return record.payload.size() + record.topic.size() + 200 * record.judged.size() + 100;
}

/// A gzip member of its own, so that a file is readable as far as it was written.
std::string pack(const std::string& lines) {
  constexpr int kQuick = 3;
  return bridge::gzip(lines, kQuick).value_or("");
}

}  // namespace

Log::Log(Options options)
    : options_(std::move(options)), files_(options_.files), thread_([this] { run(); }) {}

Log::~Log() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Log::append(Record record) {
  const auto size = weight(record);
  bool full = false;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_bytes_ + size > kMostWaiting) {
      ++lost_;
      return;
    }
    full = waiting_bytes_ < kPackAt && waiting_bytes_ + size >= kPackAt;
    waiting_bytes_ += size;
    waiting_.push_back(std::move(record));
  }
  if (full) wake_.notify_one();
}

void Log::flush(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(done));
  }
  wake_.notify_one();
}

void Log::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait_for(lock, options_.gather,
                   [&] { return stopping_ || !asked_.empty() || waiting_bytes_ >= kPackAt; });
    const bool last = stopping_;
    const auto asked = std::exchange(asked_, {});
    const auto records = std::exchange(waiting_, {});
    const auto lost = std::exchange(lost_, 0);
    waiting_bytes_ = 0;
    lock.unlock();
    if (!records.empty() || lost > 0) write(records, lost);
    for (const auto& done : asked) done();
    if (last) return;
    lock.lock();
  }
}

void Log::write(const std::vector<Record>& records, std::uint64_t lost) {
  std::string lines;
  for (const auto& record : records) lines += to_line(record, options_.salt) + '\n';
  if (lost > 0) lines += fmt::format("{{\"lost\":{}}}\n", lost);
  const auto first = records.empty() ? UtcMs{} : records.front().arrival;
  const auto done = files_.append(first, pack(lines));
  if (done) {
    if (!trouble_.empty() && options_.log) options_.log("messages are kept as evidence again");
    trouble_.clear();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    lost_ += records.size() + lost;
  }
  if (trouble_ == done.error().message) return;
  trouble_ = done.error().message;
  if (options_.log) options_.log(fmt::format("messages are counted, but not kept as evidence: {}", trouble_));
}

}  // namespace lintel::evidence
