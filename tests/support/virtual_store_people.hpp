#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace lintel::test {

struct Passages {
  std::int64_t in = 0;
  std::int64_t out = 0;
};

/// Share of the busiest hour's visitors at an hour of the day (0 to 24, fractions allowed): closed before
/// 8, a shoulder at noon, the peak at half past five, empty after 21.
double share_of_peak(double hour);

/// The people at one door. Arrivals are random around the day's curve; leaving follows by a quarter of
/// an hour, and nobody leaves who has not come. The same seed gives the same people.
class People {
 public:
  /// `peak_per_hour`: mean of the busiest hour, one direction.
  People(double peak_per_hour, std::uint64_t seed) : peak_per_hour_(peak_per_hour), random_(seed) {}

  /// Who passes while the store's clock runs on from `hour` by `span`.
  Passages pass(double hour, std::chrono::duration<double> span);

 private:
  double peak_per_hour_;
  std::mt19937_64 random_;
  std::int64_t inside_ = 0;
};

}  // namespace lintel::test
