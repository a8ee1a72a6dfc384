#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "firmware-bridge/links/spool.hpp"

namespace lintel::test {

inline bridge::Frame frame_of(std::string_view payload, std::string_view link = "door") {
  bridge::Frame frame;
  frame.link = link;
  frame.payload = payload;
  return frame;
}

/// A frame of QoS 1 as a broker delivers it.
inline bridge::Frame packet_of(std::uint16_t id, std::string_view payload, bool dup = false) {
  bridge::Frame frame = frame_of(payload, "broker");
  frame.topic = "bus/1";
  frame.packet_id = id;
  frame.qos = 1;
  frame.dup = dup;
  return frame;
}

inline std::unique_ptr<bridge::links::Spool> open_spool(bridge::links::Spool::Options options,
                                                        bridge::links::Position start = {}) {
  auto spool = bridge::links::Spool::open(std::move(options), start);
  REQUIRE_MESSAGE(spool.has_value(), (spool ? "" : spool.error().message));
  return std::move(*spool);
}

inline bridge::links::Spool::Options in_dir(const std::filesystem::path& dir) {
  bridge::links::Spool::Options options;
  options.dir = dir;
  options.boot = {1, 2, 3};
  options.reserve_bytes = 64U << 10;
  return options;
}

/// The payloads from `position` to the end, in order; `position` ends behind the last.
inline std::vector<std::string> payloads(bridge::links::Spool& spool, bridge::links::Position& position) {
  std::vector<std::string> result;
  std::string buffer;
  bridge::Frame frame;
  while (spool.read(position, frame, buffer)) result.emplace_back(frame.payload);
  return result;
}

/// Keeps frames in memory, and can be told to refuse them.
class MemorySink final : public bridge::FrameSink {
 public:
  struct Kept {
    std::string topic, payload;
    BootTime arrived;
    std::uint16_t packet_id;
    std::uint8_t qos;
    bool dup, retained;
  };

  bool append(const bridge::Frame& frame) noexcept override {
    const std::lock_guard lock(mutex_);
    if (refusing_) {
      ++refused_;
      return false;
    }
    kept_.push_back({std::string(frame.topic), std::string(frame.payload), frame.arrived, frame.packet_id,
                     frame.qos, frame.dup, frame.retained});
    return true;
  }

  void refuse(bool yes) {
    const std::lock_guard lock(mutex_);
    refusing_ = yes;
  }
  [[nodiscard]] int refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  [[nodiscard]] std::vector<Kept> kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  [[nodiscard]] std::vector<std::string> payloads() const {
    std::vector<std::string> result;
    for (const Kept& kept : this->kept()) result.push_back(kept.payload);
    return result;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Kept> kept_;  // guarded by mutex_, like the rest
  bool refusing_ = false;
  int refused_ = 0;
};

}  // namespace lintel::test
