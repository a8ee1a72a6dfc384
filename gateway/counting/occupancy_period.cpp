// When the people present are reset: occupancy_period() in occupancy.hpp.
#include <algorithm>

#include "gateway/counting/occupancy.hpp"

namespace lintel::counting {

namespace {

/// Further than any period reaches that is not cut by the beginning of a day.
constexpr Millis kAround = std::chrono::hours{72};
/// Longer without closing is around the clock.
constexpr Millis kLongestOpen = std::chrono::hours{36};

using Span = std::pair<UtcMs, UtcMs>;

/// Open, or closed for less than the grace.
std::vector<Span> busy_spans(const std::vector<Span>& open, Millis grace) {
  std::vector<Span> busy;
  for (const auto& [from, to] : open) {
    if (!busy.empty() && from <= busy.back().second) {
      busy.back().second = std::max(busy.back().second, to + grace);
    } else {
      busy.emplace_back(from, to + grace);
    }
  }
  return busy;
}

bool inside(const std::vector<Span>& busy, UtcMs at) {
  return std::any_of(busy.begin(), busy.end(), [&](const Span& span) {
    return at > span.first && at < span.second && span.second - span.first <= kLongestOpen;
  });
}

}  // namespace

OccupancyPeriod occupancy_period(UtcMs at, const store::Calendar& calendar, const OpenSpans& open,
                                 Millis grace) {
  const auto today = calendar.day(at);
  OccupancyPeriod period{calendar.begin(today), calendar.begin(today + 1), today};
  if (!open) return period;
  const auto busy = busy_spans(open(at - kAround, at + kAround), grace);
  period = {at - kAround, at + kAround, 0};
  const auto reset = [&](UtcMs instant) {
    if (instant <= at) period.from = std::max(period.from, instant);
    if (instant > at) period.to = std::min(period.to, instant);
  };
  for (const auto& span : busy) reset(span.second);
  for (auto day = calendar.day(at - kAround) + 1; day <= calendar.day(at + kAround); ++day) {
    if (const auto begin = calendar.begin(day); !inside(busy, begin)) reset(begin);
  }
  period.day = calendar.day(period.from);
  return period;
}

}  // namespace lintel::counting
