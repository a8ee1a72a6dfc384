#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/store/sqlite.hpp"
#include "gateway/sync/confirmation.hpp"

namespace lintel::test {

/// The writer's share of sync: a thread that applies what sync posts, each in a transaction of its own.
class ApplyingWriter {
 public:
  explicit ApplyingWriter(const std::filesystem::path& file);
  ~ApplyingWriter();

  void post(sync::Confirmation confirmation);
  /// What is posted stays in the queue while this is on: a writer that cannot commit.
  void hold(bool on);
  /// Forgets what is queued: a writer whose transaction failed.
  void drop_queued();
  /// Called after every commit, on the writer's thread. The one before is not running any more when this
  /// returns.
  void on_commit(std::function<void()> callback);

  [[nodiscard]] std::size_t applied();
  [[nodiscard]] std::size_t queued();
  /// Everything ever posted that was a failure, as its text.
  [[nodiscard]] std::vector<std::string> errors();

 private:
  void owe_again(const sync::Resend& again);
  void run();

  store::Database db_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<sync::Confirmation> queue_;
  std::vector<std::string> errors_;
  std::mutex calling_;
  std::function<void()> on_commit_;  // guarded by calling_
  std::size_t applied_ = 0;
  bool hold_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lintel::test
