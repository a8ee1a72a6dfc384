#include "gateway/counting/split.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lintel::counting {

namespace {

using store::Reading;

constexpr Millis kHour = std::chrono::hours{1};
constexpr std::int64_t kMostDays = 400;
constexpr std::int64_t kStep = 1 << 16;

/// `total` in proportion to the weights, by largest remainder; the earlier day first where they are equal.
std::vector<std::int64_t> shares(std::int64_t total, const std::vector<std::int64_t>& weights) {
  const auto sum = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::vector<std::int64_t> result, remainders;
  std::int64_t left = total;
  for (const auto weight : weights) {
    // total * weight / sum in two steps: 2^31 people times 400 days in milliseconds need 66 bits.
    const auto upper = total / kStep * weight;
    const auto lower = upper % sum * kStep + total % kStep * weight;
    result.push_back(upper / sum * kStep + lower / sum);
    remainders.push_back(lower % sum);
    left -= result.back();
  }
  for (; left > 0; --left) {
    const auto largest = std::max_element(remainders.begin(), remainders.end());
    ++result[static_cast<std::size_t>(largest - remainders.begin())];
    *largest = -1;
  }
  return result;
}

/// Where the reading is cut: its begin, the beginnings of days inside it, its end.
std::vector<UtcMs> cuts_of(const Reading& reading, const store::Calendar& calendar) {
  std::vector<UtcMs> cuts{reading.started};
  const UtcMs end = reading.started + reading.duration;
  const auto last = calendar.day(store::last_instant(reading.started, reading.duration));
  for (auto day = calendar.day(reading.started) + 1; day <= last; ++day) {
    const UtcMs begin = calendar.begin(day);
    if (begin > cuts.back() && begin < end) cuts.push_back(begin);  // a day that did not exist has no length
  }
  cuts.push_back(end);
  return cuts;
}

std::vector<std::int64_t> weights_of(const std::vector<UtcMs>& cuts, const Weigh& weigh) {
  std::vector<std::int64_t> open, lengths;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    lengths.push_back((cuts[i + 1] - cuts[i]).count());
    if (weigh) open.push_back(std::max<std::int64_t>(weigh(cuts[i], cuts[i + 1]).count(), 0));
  }
  const bool ever_open = std::any_of(open.begin(), open.end(), [](std::int64_t w) { return w > 0; });
  return ever_open ? open : lengths;
}

}  // namespace

Weigh weigh_by(OpenSpans open) {
  if (!open) return {};
  return [open = std::move(open)](UtcMs from, UtcMs to) {
    Millis sum{0};
    for (const auto& [opens, closes] : open(from, to))
      sum += std::max(Millis{0}, std::min(to, closes) - std::max(from, opens));
    return sum;
  };
}

std::vector<Reading> split_by_day(const Reading& reading, const store::Calendar& calendar,
                                  const Weigh& weigh) {
  const bool nobody = reading.count_in.value_or(0) == 0 && reading.count_out.value_or(0) == 0;
  if (!reading.separate || reading.duration <= kHour || nobody) return {reading};
  const auto first = calendar.day(reading.started);
  const auto last = calendar.day(store::last_instant(reading.started, reading.duration));
  if (first == last || last - first > kMostDays) return {reading};
  const auto cuts = cuts_of(reading, calendar);
  const auto weights = weights_of(cuts, weigh);
  const auto in = shares(reading.count_in.value_or(0), weights);
  const auto out = shares(reading.count_out.value_or(0), weights);
  std::vector<Reading> pieces;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    Reading piece = reading;
    piece.started = cuts[i];
    piece.duration = cuts[i + 1] - cuts[i];
    if (reading.count_in) piece.count_in = in[i];
    if (reading.count_out) piece.count_out = out[i];
    piece.flags |= store::kEstimated;
    pieces.push_back(piece);
  }
  return pieces;
}

}  // namespace lintel::counting
