#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/time.hpp"

namespace lintel::app {

/// Passes on what decoders ask to be sent, each topic of a link at most once a minute and not for more than
/// kMostTopics of them in that time: a backlog full of the same question asks once, and a device that makes
/// up topics is not answered without end. What is held back is dropped; who needs it will ask again. One
/// thread.
class Outbox {
 public:
  static constexpr std::chrono::seconds kPause{60};
  static constexpr std::size_t kMostTopics = 256;

  /// Must not block.
  using Send = std::function<void(std::string_view link, const bridge::Outbound& message)>;

  Outbox(std::function<BootTime()> now, Send send) : now_(std::move(now)), send_(std::move(send)) {}

  void offer(std::string_view link, const bridge::Outbound& message);

 private:
  std::function<BootTime()> now_;
  Send send_;
  std::map<std::pair<std::string, std::string>, BootTime> sent_;  ///< link and topic -> when last
};

}  // namespace lintel::app
