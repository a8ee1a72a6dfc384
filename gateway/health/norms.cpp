#include "gateway/health/norms.hpp"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "gateway/health/kinds.hpp"
#include "gateway/health/words.hpp"

namespace lintel::health {

namespace {

using namespace std::chrono_literals;
using std::chrono::floor;

constexpr std::size_t kDropLowestFrom = 6;
/// A door is stuck when so many should have passed, in so much time of opening.
constexpr double kPeopleExpected = 10;
constexpr Millis kAtLeast = 2h;
/// Where no other door shows that people are there.
constexpr Millis kAtLeastAlone = 4h;
constexpr std::int64_t kPeopleElsewhere = 10;

/// Hours since 1970 by the store's wall.
std::int64_t wall_hour(const Hours& hours_, UtcMs at) {
  return floor<std::chrono::hours>(hours_.to_wall(at)).time_since_epoch().count();
}

/// Hour of the week, from Thursday 1970-01-01 on.
std::size_t slot_of(std::int64_t wall_hour) {
  return static_cast<std::size_t>(((wall_hour % 168) + 168) % 168);
}

}  // namespace

Norm Norm::learn(const Door& door, const Hours& hours_, UtcMs now) {
  Norm norm;
  const auto counts = [](const HourCount& hour) { return hour.all() > 0; };
  const auto last = std::find_if(door.hours.rbegin(), door.hours.rend(), counts);
  if (last == door.hours.rend()) return norm;
  std::unordered_map<std::int64_t, std::int64_t> by_hour;
  for (const auto& hour : door.hours) by_hour[wall_hour(hours_, hour.at)] += hour.all();
  const auto end = std::min(wall_hour(hours_, last->at), wall_hour(hours_, now));
  const auto begin = std::max(wall_hour(hours_, door.hours.front().at), end - 168 * kWeeks);
  std::array<std::vector<std::int64_t>, 168> samples;
  for (auto hour = begin; hour < end; ++hour) {
    const auto found = by_hour.find(hour);
    samples[slot_of(hour)].push_back(found == by_hour.end() ? 0 : found->second);
  }
  for (std::size_t slot = 0; slot < samples.size(); ++slot) {
    auto& seen = samples[slot];
    if (seen.size() < kWeeksNeeded) continue;
    std::sort(seen.begin(), seen.end());
    norm.least_[slot] = static_cast<std::int32_t>(
        std::min<std::int64_t>(seen[seen.size() >= kDropLowestFrom ? 1 : 0], 1'000'000));
  }
  return norm;
}

std::int64_t Norm::least(const Hours& hours_, UtcMs at) const {
  return least_[slot_of(wall_hour(hours_, at))];
}

double Norm::expected(const Hours& hours_, UtcMs from, UtcMs to) const {
  double sum = 0;
  for (const auto& [opens, closes] : hours_.open(from, to)) {
    for (UtcMs at = opens; at < closes;) {
      const UtcMs next = std::min<UtcMs>(closes, floor<std::chrono::hours>(at) + 1h);
      sum += static_cast<double>(least(hours_, at)) * std::chrono::duration<double>(next - at).count() / 3600;
      at = next;
    }
  }
  return sum;
}

std::optional<Finding> stuck(const Norm& norm, const Recent& door, const std::vector<const Recent*>& others,
                             const Hours& hours_, UtcMs from, UtcMs to) {
  if (!door.last) return std::nullopt;
  const UtcMs since = std::max(from, *door.last);
  if (since >= to || norm.expected(hours_, since, to) < kPeopleExpected) return std::nullopt;
  Millis open{0};
  for (const auto& [opens, closes] : hours_.open(since, to)) open += closes - opens;
  std::int64_t elsewhere = 0;
  for (const auto* other : others) {
    for (const auto& hour : other->hours)
      if (hour.at >= since && hour.at < to) elsewhere += hour.all();
  }
  const bool seen_elsewhere = elsewhere >= kPeopleElsewhere;
  if (open < kAtLeast || (!others.empty() && !seen_elsewhere) || (others.empty() && open < kAtLeastAlone))
    return std::nullopt;
  return Finding{kind::kZero, Status::degraded,
                 fmt::format("nobody was counted for {} of opening, where at least {:.0f} pass as a rule",
                             in_words(open), norm.expected(hours_, since, to)),
                 "Walk through its door. If it does not count you, look whether its lens is covered or it "
                 "was moved, and "
                 "restart it."};
}

}  // namespace lintel::health
