#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>

namespace lintel::sync {

using Wait = std::chrono::milliseconds;

/// A generator of its own, uniform in [0, 1). Used by one thread.
[[nodiscard]] std::function<double()> own_random();

/// Waits between attempts that fail: full jitter under a doubling ceiling, so that stores that lost HQ
/// together do not come back together.
class Backoff {
 public:
  Backoff(Wait base, Wait cap) : base_(base), cap_(cap) {}

  /// The wait after the `failures`-th failure in a row (from 1); `random` is uniform in [0, 1).
  [[nodiscard]] Wait wait(int failures, double random) const;
  [[nodiscard]] Wait ceiling(int failures) const;
  /// At least `asked`, and spread over a tenth of it behind that.
  [[nodiscard]] static Wait at_least(Wait asked, double random);

 private:
  Wait base_;
  Wait cap_;
};

/// How many changes a request carries: few while little is owed, doubling under a backlog, half after
/// HQ ran out of time, and then creeping up again.
class BatchSize {
 public:
  static constexpr std::size_t kUsual = 500;
  static constexpr std::size_t kMost = 5000;

  [[nodiscard]] std::size_t get() const { return size_; }
  /// A full request was confirmed and more is owed.
  void grow();
  /// A request of `changes` was too much.
  void halve(std::size_t changes);
  /// Nothing more is owed.
  void rest() { size_ = std::min(size_, kUsual); }

 private:
  std::size_t size_ = kUsual;
  int careful_ = 0;  ///< confirmed requests still to come before doubling is tried again
};

}  // namespace lintel::sync
