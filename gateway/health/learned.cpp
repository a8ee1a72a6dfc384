#include "gateway/health/learned.hpp"

#include <algorithm>

#include "gateway/health/roll.hpp"

namespace lintel::health {

namespace {

constexpr Millis kHistory = std::chrono::weeks{Norm::kWeeks};
constexpr Millis kRecent = std::chrono::hours{48};

/// The end of the last hour with anybody in it, if there is one.
void note_last(Recent& recent, const std::vector<HourCount>& hours) {
  for (const auto& hour : hours) {
    const UtcMs end = hour.at + std::chrono::hours{1};
    if (hour.all() > 0 && (!recent.last || end > *recent.last)) recent.last = end;
  }
}

}  // namespace

bool Learned::refresh(store::Database& db, const Hours& hours, UtcMs now, BootTime boot,
                      const Bounds& bounds) {
  if (!first_) first_ = boot;
  if (boot - *first_ < kFirstAfter) return false;
  const bool learns = !learned_ || boot - *learned_ >= kLearnEvery;
  if (!learns && looked_ && boot - *looked_ < kLookEvery) return false;
  if (learns) {
    learn(db, hours, now);
    learned_ = boot;
  }
  look(db, hours, now, bounds);
  looked_ = boot;
  ready_ = true;
  return true;
}

void Learned::learn(store::Database& db, const Hours& hours, UtcMs now) {
  const auto roll = read_roll(db, hours, now - kHistory, now);
  norms_.clear();
  recent_.clear();
  for (const auto& door : roll.doors) {
    norms_[door.sensor] = Norm::learn(door, hours, now);
    note_last(recent_[door.sensor], door.hours);
  }
  ratios_ = odd_ratios(roll.doors, hours, now);
  sets_.clear();
  for (const auto& set : roll.sets) {
    auto finding = unbalanced(set.name, set.days, hours.day(now));
    if (!finding) continue;
    if (set.only) {
      ratios_[*set.only].push_back(std::move(*finding));
    } else {
      sets_.push_back({set.key, std::move(*finding)});
    }
  }
}

void Learned::look(store::Database& db, const Hours& hours, UtcMs now, const Bounds& bounds) {
  auto counts = read_hours(db, now - kRecent);
  for (auto& [sensor, recent] : recent_) {
    recent.hours = std::move(counts[sensor]);
    note_last(recent, recent.hours);
  }
  stuck_.clear();
  for (const auto& [sensor, recent] : recent_) {
    const auto told = bounds(sensor);
    if (!told) continue;
    std::vector<const Recent*> others;
    for (const auto& [other, of] : recent_)
      if (other != sensor) others.push_back(&of);
    if (auto finding = stuck(norms_[sensor], recent, others, hours, told->first, std::min(told->second, now)))
      stuck_.emplace(sensor, std::move(*finding));
  }
}

std::vector<Finding> Learned::of(std::int64_t sensor) const {
  std::vector<Finding> findings;
  if (const auto found = stuck_.find(sensor); found != stuck_.end()) findings.push_back(found->second);
  if (const auto found = ratios_.find(sensor); found != ratios_.end())
    findings.insert(findings.end(), found->second.begin(), found->second.end());
  return findings;
}

std::optional<UtcMs> Learned::counted(std::int64_t sensor) const {
  const auto found = recent_.find(sensor);
  return found == recent_.end() ? std::nullopt : found->second.last;
}

}  // namespace lintel::health
