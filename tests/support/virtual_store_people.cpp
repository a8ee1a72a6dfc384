#include "tests/support/virtual_store_people.hpp"

#include <algorithm>
#include <cmath>

namespace lintel::test {

namespace {

double bell(double hour, double centre, double width) {
  const double distance = (hour - centre) / width;
  return std::exp(-0.5 * distance * distance);
}

}  // namespace

double share_of_peak(double hour) {
  hour = std::fmod(std::fmod(hour, 24.0) + 24.0, 24.0);
  if (hour < 8.0 || hour > 21.0) return 0.0;
  const double doors = std::min({1.0, (hour - 8.0) * 2.0, (21.0 - hour) * 2.0});
  return doors * std::min(1.0, 0.25 + 0.45 * bell(hour, 12.5, 1.3) + 0.75 * bell(hour, 17.5, 1.6));
}

Passages People::pass(double hour, std::chrono::duration<double> span) {
  constexpr double kStay = 0.25;  // hours
  const double hours = span.count() / 3600.0;
  std::lognormal_distribution<double> mood(0.0, 0.3);
  const auto draw = [&](double rate) -> std::int64_t {
    const double mean = rate * hours * mood(random_);
    return mean <= 0.0 ? 0 : std::poisson_distribution<std::int64_t>(mean)(random_);
  };
  Passages passed;
  passed.in = draw(peak_per_hour_ * share_of_peak(hour));
  const double leaving = share_of_peak(hour - kStay);
  // After closing time whoever is left goes within minutes.
  const std::int64_t wish = leaving > 0.0 ? draw(peak_per_hour_ * leaving) : inside_;
  passed.out = std::min(wish, inside_ + passed.in);
  inside_ += passed.in - passed.out;
  return passed;
}

}  // namespace lintel::test
