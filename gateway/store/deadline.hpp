#pragma once

#include <chrono>

#include "gateway/store/sqlite.hpp"

namespace lintel::store {

/// Interrupts what a connection does once its time is over: statements then fail with SQLITE_INTERRUPT. For
/// readers that must end; one at a time on a connection, which outlives it.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  Deadline(Database& db, Clock::time_point at) : db_(db), at_(at) {
    constexpr int kStepsBetweenLooks = 10'000;
    sqlite3_progress_handler(
        db_.handle(), kStepsBetweenLooks,
        [](void* self) { return static_cast<const Deadline*>(self)->over() ? 1 : 0; }, this);
  }
  ~Deadline() { sqlite3_progress_handler(db_.handle(), 0, nullptr, nullptr); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  [[nodiscard]] bool over() const { return Clock::now() > at_; }

 private:
  Database& db_;
  const Clock::time_point at_;
};

}  // namespace lintel::store
