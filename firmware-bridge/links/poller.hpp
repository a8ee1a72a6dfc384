#pragma once

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "firmware-bridge/links/poll_device.hpp"

using CURLM = void;

namespace lintel::bridge::links {

/// Asks devices for their counts by HTTP, all of them on one thread of its own. A device is never asked
/// twice at once; one that does not answer is asked less often, and holds up nobody else.
class Poller {
 public:
  Poller(std::vector<PollOptions> devices, FrameSink& sink);
  ~Poller();  ///< stops
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  void start();
  /// Hangs up on everybody; afterwards the sink is not used any more.
  void stop();
  /// Any thread.
  [[nodiscard]] std::vector<LinkState> states() const;

 private:
  void run();
  void begin_due();
  void finish_done();
  [[nodiscard]] int next_wait() const;

  std::mt19937 random_{std::random_device{}()};
  CURLM* multi_ = nullptr;
  std::vector<std::unique_ptr<PollDevice>> devices_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace lintel::bridge::links
