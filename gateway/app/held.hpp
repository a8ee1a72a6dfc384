#pragma once

#include <functional>

#include "firmware-bridge/core/frame.hpp"
#include "gateway/clock/clock.hpp"
#include "gateway/store/sqlite.hpp"

namespace lintel::app {

/// Frames that wait for the time of their boot, in the order in which they came. While there are any, all
/// that comes after them waits as well, so that counting sees everything in order. Writer thread only, inside
/// the batch whose spool position makes them its own.
class HeldFrames {
 public:
  using Take = std::function<void(const bridge::Frame&, const clock::Arrival&)>;

  explicit HeldFrames(store::Database& db);

  void hold(const bridge::Frame& frame);
  [[nodiscard]] bool any() const { return any_; }
  /// Whether the first of them has a time by now.
  [[nodiscard]] bool due(const clock::WallClock& wall);
  /// Hands on the first ones, up to the first whose boot has no time yet, at most `limit`.
  void release(const clock::WallClock& wall, int limit, const Take& take);
  /// Looks again, after a rollback.
  void load();

 private:
  store::Database& db_;
  store::Statement insert_, first_, select_, remove_;
  bool any_ = false;
};

}  // namespace lintel::app
