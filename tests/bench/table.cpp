#include "tests/bench/table.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace lintel::bench {

namespace {

bool within(const Figure& figure, double limit) {
  return figure.more_is_better ? figure.value >= limit : figure.value <= limit;
}

std::string shown(const std::optional<double>& limit) {
  return limit ? fmt::format("{:.6g}", *limit) : "";
}

const char* verdict(const Figure& figure) {
  if (figure.aim && within(figure, *figure.aim)) return "aim reached";
  if (!figure.accept) return "";
  if (within(figure, *figure.accept)) return "accepted";
  return figure.decides ? "TOO MUCH" : "beyond the budget";
}

}  // namespace

void print(const std::vector<Figure>& figures) {
  fmt::print("{:<64} {:>10} {:<10} {:>8} {:>8}  {}\n", "what", "measured", "unit", "accept", "aim", "");
  for (const auto& figure : figures) {
    fmt::print("{:<64} {:>10.4g} {:<10} {:>8} {:>8}  {}\n", figure.what, figure.value, figure.unit,
               shown(figure.accept), shown(figure.aim), verdict(figure));
  }
}

bool acceptable(const std::vector<Figure>& figures) {
  return std::all_of(figures.begin(), figures.end(), [](const Figure& figure) {
    return !figure.decides || !figure.accept || within(figure, *figure.accept);
  });
}

double median(std::vector<double> values) {
  if (values.empty()) throw std::invalid_argument("no median of nothing");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace lintel::bench
