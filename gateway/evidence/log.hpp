#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/evidence/files.hpp"
#include "gateway/evidence/record.hpp"

namespace lintel::evidence {

/// Keeps frames and what counting made of them, for `lintel explain`: lines of JSON in files that `zcat`
/// reads. Nothing is counted from it, so it may lose: what came in the seconds before a kill, what comes
/// while the disk is full or has no room to spare. What was lost in a running process is said where it is
/// missing.
///
/// A thread of its own redacts, packs and writes, so that neither the writer nor a commit waits for it. When
/// the files are past their limit the oldest go.
class Log {
 public:
  struct Options {
    Files::Options files;
    std::chrono::milliseconds gather{30'000};  ///< how long lines wait for others to be packed with
    std::string salt;                          ///< the store's, for redaction
    std::function<void(const std::string&)> log;
  };

  explicit Log(Options options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Any thread; never waits for the disk.
  void append(Record record);
  /// Writes what has gathered and calls `done`, on the log's thread, when it is in the files or has been
  /// refused by the disk. Any thread.
  void flush(std::function<void()> done);

 private:
  void run();
  void write(const std::vector<Record>& records, std::uint64_t lost);

  Options options_;
  Files files_;
  std::string trouble_;  ///< said and not yet over

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Record> waiting_;               // guarded by mutex_
  std::size_t waiting_bytes_ = 0;             // guarded by mutex_
  std::uint64_t lost_ = 0;                    // guarded by mutex_
  std::vector<std::function<void()>> asked_;  // guarded by mutex_: whom to tell of a flush
  bool stopping_ = false;                     // guarded by mutex_
  std::thread thread_;
};

}  // namespace lintel::evidence
