#include "gateway/store/recompute.hpp"

#include <limits>
#include <set>

namespace lintel::store {

namespace {

constexpr auto kEver = std::numeric_limits<std::int64_t>::min();
constexpr auto kNever = std::numeric_limits<std::int64_t>::max();

// Readings that a day is made of, as Rollups places them.
constexpr const char* kCountRaw = R"(
select (select count(*) from people_counting_raw
         where started_at > ?1 - 3600001 and started_at < ?2 and duration_ms <= 3600000 and flags & 32 = 0
           and started_at + max(duration_ms - 1, 0) >= ?1 and started_at + max(duration_ms - 1, 0) < ?2)
     + (select count(*) from people_counting_raw indexed by people_counting_raw_long
         where duration_ms > 3600000 and started_at < ?2 and flags & 32 = 0
           and started_at + duration_ms - 1 >= ?1 and started_at + duration_ms - 1 < ?2)
     + (select count(*) from regional_counting_raw
         where started_at >= ?1 and started_at < ?2 and flags & 32 = 0))";

}  // namespace

Recompute::Recompute(Database& db, Rollups& rollups) : db_(db), rollups_(rollups) {
  load();
}

void Recompute::load() {
  due_ = db_.scalar("select exists (select 1 from recompute_days)") != 0;
}

Recompute::Days Recompute::noted() {
  Days days;
  auto rows = db_.prepare("select day, begins_at, ends_at from day_bounds");
  while (rows.step()) days[rows.integer(0)] = {rows.integer(1), rows.integer(2)};
  return days;
}

/// Readings leave oldest first. So what a day was counted from is all there from the first day on whose
/// readings are still as many as it was made of; where that is the oldest day, nothing has ever left.
std::int64_t Recompute::kept_from(const Days& days) {
  auto made_of = db_.prepare("select sum(readings), max(old_calendar) from daily_analytics where day = ?");
  auto present = db_.prepare(kCountRaw);
  bool missing = false;
  for (const auto& [day, bounds] : days) {
    made_of.bind(day);
    (void)made_of.step();
    const auto readings = made_of.maybe_integer(0);
    const bool marked = made_of.integer(1) != 0;
    made_of.reset();
    if (!readings || *readings == 0) continue;
    present.bind(bounds.begins, bounds.ends);
    (void)present.step();
    const auto left = present.integer(0);
    present.reset();
    if (!marked && left >= *readings) return missing ? bounds.begins : kEver;
    missing = true;
  }
  return missing ? kNever : kEver;
}

Recompute::Found Recompute::compare(UtcMs now) {
  const auto& calendar = rollups_.calendar();
  const auto days = noted();
  std::set<std::int64_t> moved;
  for (const auto& [day, bounds] : days) {
    if (count_ms(calendar.begin(day)) == bounds.begins && count_ms(calendar.begin(day + 1)) == bounds.ends) {
      continue;
    }
    moved.insert(day);
    if (bounds.begins == bounds.ends) continue;
    const auto last = calendar.day(utc_ms(bounds.ends - 1));
    for (auto now_in = calendar.day(utc_ms(bounds.begins)); now_in <= last; ++now_in) moved.insert(now_in);
  }
  Found found;
  if (moved.empty()) return found;
  const auto kept = kept_from(days);
  auto wait = db_.prepare("insert or ignore into recompute_days (day, requested_at) values (?, ?)");
  for (const auto day : moved) {
    const auto before = days.find(day);
    if (count_ms(calendar.begin(day)) < kept || (before != days.end() && before->second.begins < kept)) {
      mark(day, now);
      ++found.marked;
    } else {
      wait.bind(day, count_ms(now)).run();
      ++found.waiting;
    }
  }
  load();
  return found;
}

void Recompute::mark(std::int64_t day, UtcMs now) {
  db_.prepare(
         "update daily_analytics set old_calendar = 1, updated_at = ? where day = ? and old_calendar = 0")
      .bind(count_ms(now), day)
      .run();
  rollups_.note(day);
}

void Recompute::step(UtcMs now) {
  auto oldest = db_.prepare("select min(day) from recompute_days");
  (void)oldest.step();
  if (const auto day = oldest.maybe_integer(0)) {
    oldest.reset();
    rollups_.recount(*day, now);
    db_.prepare("delete from recompute_days where day = ?").bind(*day).run();
  }
  load();
}

}  // namespace lintel::store
