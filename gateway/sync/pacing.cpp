#include "gateway/sync/pacing.hpp"

#include <random>

namespace lintel::sync {

namespace {
constexpr int kCarefulSteps = 20;
}

std::function<double()> own_random() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

Wait Backoff::ceiling(int failures) const {
  Wait limit = base_;
  for (int i = 1; i < failures && limit < cap_; ++i) limit *= 2;
  return std::min(limit, cap_);
}

Wait Backoff::wait(int failures, double random) const {
  const auto limit = ceiling(std::max(failures, 1));
  return Wait{static_cast<Wait::rep>(static_cast<double>(limit.count()) * random)};
}

Wait Backoff::at_least(Wait asked, double random) {
  return asked + Wait{static_cast<Wait::rep>(static_cast<double>(asked.count()) / 10 * random)};
}

void BatchSize::grow() {
  const auto step = careful_ > 0 ? std::max<std::size_t>(1, size_ / 8) : size_;
  if (careful_ > 0) --careful_;
  size_ = std::min(size_ + step, kMost);
}

void BatchSize::halve(std::size_t changes) {
  size_ = std::max<std::size_t>(1, std::min(size_, changes) / 2);
  careful_ = kCarefulSteps;
}

}  // namespace lintel::sync
