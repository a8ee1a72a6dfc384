#include "gateway/counting/occupancy.hpp"

#include <algorithm>

namespace lintel::counting {

namespace {

constexpr Millis kHour = std::chrono::hours{1};

}  // namespace

std::optional<Passage> passage_of(const store::Reading& reading, bool out_is_in) {
  if ((reading.flags & store::kVoided) != 0) return std::nullopt;
  Passage passage;
  passage.at = store::last_instant(reading.started, reading.duration);
  passage.in = reading.count_in.value_or(0);
  passage.out = reading.count_out.value_or(0);
  if (out_is_in) std::swap(passage.in, passage.out);
  passage.certain = (reading.flags & store::kEstimated) == 0 && reading.duration <= kHour;
  return passage;
}

Occupancy begin_occupancy(const OccupancyPeriod& period) {
  Occupancy occupancy;
  occupancy.period = period;
  occupancy.at = period.from;
  return occupancy;
}

bool take(Occupancy& occupancy, const Passage& passage) {
  if (!occupancy.period.holds(passage.at) || passage.at < occupancy.at) return false;
  if (passage.at > occupancy.at) {
    occupancy.at = passage.at;
    occupancy.present_before = occupancy.present;
    occupancy.below_zero_before = occupancy.below_zero;
    occupancy.moved = 0;
  }
  occupancy.moved += passage.in - passage.out;
  const auto balance = occupancy.present_before + occupancy.moved;
  occupancy.present = std::max<std::int64_t>(balance, 0);
  occupancy.below_zero = occupancy.below_zero_before + std::max<std::int64_t>(-balance, 0);
  occupancy.uncertain |= !passage.certain && (passage.in != 0 || passage.out != 0);
  return true;
}

OccupancyWalk walk(const OccupancyPeriod& period, std::vector<Passage> passages) {
  std::stable_sort(passages.begin(), passages.end(),
                   [](const Passage& a, const Passage& b) { return a.at < b.at; });
  OccupancyWalk walk{begin_occupancy(period), {{period.from, 0, false}}};
  for (const auto& passage : passages) {
    if (!take(walk.end, passage)) continue;
    const OccupancyLevel level{walk.end.at, walk.end.present, walk.end.uncertain};
    if (walk.levels.back().at == level.at) {
      walk.levels.back() = level;
    } else {
      walk.levels.push_back(level);
    }
  }
  return walk;
}

OccupancyLevel level_at(const OccupancyWalk& walk, UtcMs at) {
  const auto after =
      std::upper_bound(walk.levels.begin(), walk.levels.end(), at,
                       [](UtcMs instant, const OccupancyLevel& level) { return instant < level.at; });
  return after == walk.levels.begin() ? walk.levels.front() : *std::prev(after);
}

}  // namespace lintel::counting
