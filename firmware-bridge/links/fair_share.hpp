#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "firmware-bridge/links/spool.hpp"

namespace lintel::bridge::links {

/// Stands before the spool for MQTT links. While frames come faster than they are counted, a topic that
/// sends more than any counting sensor does loses what is above that, so that the others neither wait
/// behind it nor find the spool full. Only messages of QoS 0 go, which nobody was told are received; the
/// log says whose and how many. Thread-safe.
class FairShare final : public FrameSink {
 public:
  struct Options {
    std::uint32_t per_second = 100;          ///< messages of one topic that are always taken
    std::uint64_t crowded_bytes = 4U << 20;  ///< what waits in the spool when it is crowded
    std::function<void(const std::string&)> log;
  };

  FairShare(Spool& spool, Options options) : spool_(spool), options_(std::move(options)) {}

  [[nodiscard]] bool append(const Frame& frame) noexcept override;

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  /// Topics that share a place share its budget: with so many places hardly ever, and only in a crowd.
  static constexpr std::size_t kPlaces = 4096;

  [[nodiscard]] bool too_many(const Frame& frame);
  void say(const Frame& frame) noexcept;

  Spool& spool_;
  const Options options_;
  std::array<std::atomic<std::uint32_t>, kPlaces> sent_{};  // in second_
  std::atomic<std::int64_t> second_{0};
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;
  BootTime said_{};         // guarded by mutex_
  std::uint64_t told_ = 0;  // guarded by mutex_
};

}  // namespace lintel::bridge::links
