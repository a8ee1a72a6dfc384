#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/time.hpp"

namespace lintel::app {

/// What a link's `discover` filters brought: the newest message of each topic, in memory only, bounded in
/// topics and bytes. Nothing of it is counted, acknowledged or kept across a restart. Thread-safe.
class Heard final : public bridge::FrameSink {
 public:
  static constexpr std::size_t kMostTopics = 1000;
  static constexpr std::size_t kLongestPayload = 8192;

  struct Topic {
    std::string link;
    std::string topic;
    std::string payload;  ///< of the newest message, cut
    BootTime last{};
    std::uint64_t messages = 0;
    bool retained = false;
  };

  /// Always true: what there is no room for is not heard.
  [[nodiscard]] bool append(const bridge::Frame& frame) noexcept override;

  [[nodiscard]] std::vector<Topic> topics() const;
  /// Topics that were not taken in for want of room.
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  using Key = std::pair<std::string, std::string>;
  void drop_stalest();

  mutable std::mutex mutex_;
  std::map<Key, Topic> topics_;
  std::uint64_t left_out_ = 0;
};

}  // namespace lintel::app
