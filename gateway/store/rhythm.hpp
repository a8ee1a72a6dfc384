#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "firmware-bridge/core/time.hpp"

namespace lintel::store {

/// Learns how often a sensor reports, and whether it does so regularly at all. A sensor that reports each
/// passage has an average too, but its silence means a quiet door and not a fault: only steady reports
/// make a rhythm.
class Rhythm {
 public:
  /// Goes on from what an earlier run has learned; zero: nothing.
  explicit Rhythm(Millis known = Millis{0})
      : mean_(static_cast<double>(known.count())),
        deviation_(mean_ / 8),
        beats_(known.count() > 0 ? kBeatsToLearn : 0) {}

  /// Data came at this instant of the boot clock. Messages within a second belong together.
  void beat(BootTime at) {
    const double gap = std::chrono::duration<double, std::milli>(at - last_).count();
    if (began_ && gap < kOneBeat) return;
    last_ = at;
    if (!std::exchange(began_, true)) return;
    // A silence is not the sensor's rhythm, but three in a row are a new one.
    if (steady() && gap > 4 * mean_ && ++silences_ < 3) return;
    if (silences_ >= 3) {
      beats_ = silences_ = 0;
      mean_ = deviation_ = 0;
    }
    if (gap <= 4 * mean_) silences_ = 0;
    learn(gap);
  }

  /// The usual time between two reports; zero without a rhythm.
  [[nodiscard]] Millis interval() const { return steady() ? Millis{std::llround(mean_)} : Millis{0}; }

 private:
  static constexpr double kOneBeat = 1000;
  static constexpr int kBeatsToLearn = 16;

  [[nodiscard]] bool steady() const { return beats_ >= kBeatsToLearn && deviation_ < mean_ / 3; }

  void learn(double gap) {
    beats_ = std::min(beats_ + 1, kBeatsToLearn);
    if (beats_ == 1) {
      mean_ = gap;
      deviation_ = gap / 2;
      return;
    }
    deviation_ += (std::abs(gap - mean_) - deviation_) / beats_;
    mean_ += (gap - mean_) / beats_;
  }

  BootTime last_{};
  bool began_ = false;
  double mean_ = 0;  // milliseconds
  double deviation_ = 0;
  int beats_ = 0;
  int silences_ = 0;
};

}  // namespace lintel::store
