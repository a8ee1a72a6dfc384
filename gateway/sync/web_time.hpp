#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/sync/http.hpp"

namespace lintel::sync {

/// It was `time` at `at` of the running boot, give or take `uncertainty`.
struct WebTime {
  UtcMs time{};
  BootTime at{};
  Millis uncertainty{0};
};

/// Asks the server of `url` for the time, without any credential: a HEAD request over TLS to a server whose
/// certificates are trusted in chain and name, but not yet in dates, because nobody knows the date. The
/// `Date` of the answer is believed only if it is not before `build_date` and the same certificates are valid
/// then. So an attacker who holds an expired certificate and its key can set the clock back into its life,
/// but not before this executable was built. The uncertainty is the second that a Date can tell and the time
/// of the question. A URL without https is `misconfigured`: anybody on the way could set this clock.
/// Transient where nobody answers, `rejected` where the answer cannot be believed. Blocks; no exception.
Result<WebTime> ask_time(const std::string& url, const HttpOptions& options, UtcMs build_date,
                         const std::function<BootTime()>& boot_now, const std::atomic<bool>& stop);

/// Asks for the time on a thread of its own: soon and again with growing pauses while `wanted`, and a few
/// times a day when the last answer is all there is.
class WebClock {
 public:
  enum class Wanted { no, refresh, yes };
  struct Surroundings {
    std::function<Wanted()> wanted;     ///< any thread
    std::function<void(WebTime)> told;  ///< on the thread of the clock
    std::function<BootTime()> boot_now;
    std::function<void(const std::string&)> log;  ///< when trouble begins or changes
  };

  WebClock(std::string url, HttpOptions options, UtcMs build_date, Surroundings surroundings);
  ~WebClock();  ///< stops
  WebClock(const WebClock&) = delete;
  WebClock& operator=(const WebClock&) = delete;

  /// Begins, unless `url` is no https.
  void start();
  void stop();

 private:
  void run();
  void ask();
  bool wait(std::chrono::milliseconds pause);

  const std::string url_;
  const HttpOptions options_;
  const UtcMs build_date_;
  const Surroundings surroundings_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wakeup_;

  // Of the thread.
  std::string trouble_;
  std::chrono::milliseconds pause_{0};
  BootTime answered_{};
  std::thread thread_;
};

}  // namespace lintel::sync
