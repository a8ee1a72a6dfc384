#pragma once

#include <optional>
#include <string>
#include <vector>

namespace lintel::bench {

/// One measured figure beside its budget. A ratio to something measured in the same run decides; an
/// absolute figure, which depends on the machine, is only shown.
struct Figure {
  std::string what;
  double value = 0;
  std::string unit;
  std::optional<double> accept;
  std::optional<double> aim;
  bool more_is_better = false;
  bool decides = false;
};

/// Prints all figures with their verdicts.
void print(const std::vector<Figure>& figures);

/// Whether every deciding figure is within what is accepted.
bool acceptable(const std::vector<Figure>& figures);

/// The middle one; throws std::invalid_argument without any.
double median(std::vector<double> values);

}  // namespace lintel::bench
