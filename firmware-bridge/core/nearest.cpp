#include "firmware-bridge/core/nearest.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lintel::bridge {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Optimal string alignment: Levenshtein's distance where swapping two neighbours costs one.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  const auto same = [&](std::size_t i, std::size_t j) { return lower(a[i - 1]) == lower(b[j - 1]); };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same(i, j) ? 0 : 1)});
      if (i > 1 && j > 1 && same(i, j - 1) && same(i - 1, j)) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongestWord = 100;  // the cost is quadratic, and nobody mistypes a page of text
  if (word.size() > kLongestWord) return {};
  std::string_view best;
  std::size_t best_distance = word.size();
  for (const auto candidate : candidates) {
    const auto slips = distance(word, candidate);
    const auto tolerated = std::max<std::size_t>(2, candidate.size() / 3);
    // A two-letter word that differs in both letters is another word.
    if (slips > tolerated || slips >= std::max(word.size(), candidate.size())) continue;
    if (best.empty() || slips < best_distance) {
      best = candidate;
      best_distance = slips;
    }
  }
  return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
  if (const auto best = nearest(word, candidates); !best.empty())
    return fmt::format("did you mean {}?", best);
  if (candidates.empty()) return "none is known";
  return fmt::format("known are {}", fmt::join(candidates, ", "));
}

}  // namespace lintel::bridge
