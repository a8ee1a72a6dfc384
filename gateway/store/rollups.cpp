#include "gateway/store/rollups.hpp"

#include <algorithm>

namespace lintel::store {

namespace {

constexpr Millis kHour{3'600'000};

std::int64_t hour_of(UtcMs t) {
  return count_ms(std::chrono::floor<std::chrono::hours>(t));
}

// Readings of one line whose last instant lies in [?3, ?4). The first bound on started_at lets the key
// find short readings; the long ones, which are few, have an index of their own.
constexpr const char* kSumHour = R"(
select coalesce(sum(count_in), 0), coalesce(sum(count_out), 0), count(*)
  from people_counting_raw
 where sensor_id = ?1 and line = ?2
   and started_at > ?3 - 3600001 and started_at < ?4 and duration_ms <= 3600000
   and started_at + max(duration_ms - 1, 0) >= ?3 and started_at + max(duration_ms - 1, 0) < ?4
   and flags & 48 = 0)";

constexpr const char* kSumDay = R"(
with r as (
  select * from people_counting_raw
   where sensor_id = ?1 and line = ?2
     and started_at > ?3 - 3600001 and started_at < ?4 and duration_ms <= 3600000
  union all
  select * from people_counting_raw indexed by people_counting_raw_long
   where sensor_id = ?1 and line = ?2 and duration_ms > 3600000
     and started_at < ?4)
select coalesce(sum(iif(flags & 16 = 0 and duration_ms <= 3600000, count_in, 0)), 0),
       coalesce(sum(iif(flags & 16 = 0 and duration_ms <= 3600000, count_out, 0)), 0),
       coalesce(sum(iif(flags & 16 = 0 and duration_ms > 3600000, count_in, 0)), 0),
       coalesce(sum(iif(flags & 16 = 0 and duration_ms > 3600000, count_out, 0)), 0),
       coalesce(sum(iif(flags & 16 <> 0, count_in, 0)), 0),
       coalesce(sum(iif(flags & 16 <> 0, count_out, 0)), 0),
       count(*)
  from r
 where started_at + max(duration_ms - 1, 0) >= ?3 and started_at + max(duration_ms - 1, 0) < ?4
   and flags & 32 = 0)";

// An hour knows no estimates; a day does.
constexpr const char* kSumRegion = R"(
select max(occupancy), count(*)
  from regional_counting_raw
 where sensor_id = ?1 and region = ?2 and started_at >= ?3 and started_at < ?4
   and flags & ?5 = 0)";

constexpr const char* kRecount = R"(
with r as (
  select sensor_id, line, '' as region, started_at, duration_ms, flags, count_in, count_out, null as occupancy
    from people_counting_raw
   where started_at > ?2 - 3600001 and started_at < ?3 and duration_ms <= 3600000
  union all
  select sensor_id, line, '', started_at, duration_ms, flags, count_in, count_out, null
    from people_counting_raw indexed by people_counting_raw_long
   where duration_ms > 3600000 and started_at < ?3
  union all
  select sensor_id, '', region, started_at, 0, flags, null, null, occupancy
    from regional_counting_raw where started_at >= ?2 and started_at < ?3)
insert into daily_analytics (organization_id, store_id, sensor_id, line, region, day, count_in, count_out,
                             unallocated_in, unallocated_out, estimated_in, estimated_out, occupancy_max,
                             readings, updated_at)
select 1, 1, sensor_id, line, region, ?1,
       coalesce(sum(iif(flags & 16 = 0 and duration_ms <= 3600000, count_in, 0)), 0),
       coalesce(sum(iif(flags & 16 = 0 and duration_ms <= 3600000, count_out, 0)), 0),
       coalesce(sum(iif(flags & 16 = 0 and duration_ms > 3600000, count_in, 0)), 0),
       coalesce(sum(iif(flags & 16 = 0 and duration_ms > 3600000, count_out, 0)), 0),
       coalesce(sum(iif(flags & 16 <> 0, count_in, 0)), 0),
       coalesce(sum(iif(flags & 16 <> 0, count_out, 0)), 0),
       max(occupancy), count(*), ?4
  from r
 where started_at + max(duration_ms - 1, 0) >= ?2 and started_at + max(duration_ms - 1, 0) < ?3
   and flags & 32 = 0
 group by sensor_id, line, region)";

// Like kSumHour and kSumRegion, for each hour that has no bucket.
constexpr const char* kMissingHours = R"(
with r as (
  select sensor_id, line, '' as region, started_at + max(duration_ms - 1, 0) as last, flags, count_in, count_out,
         null as occupancy
    from people_counting_raw where duration_ms <= 3600000
  union all
  select sensor_id, '', region, started_at, flags, null, null, occupancy from regional_counting_raw)
insert or ignore into hourly_analytics (organization_id, store_id, sensor_id, line, region, hour_at, count_in,
                                        count_out, occupancy_max, readings, updated_at)
select 1, 1, sensor_id, line, region, last - last % 3600000, coalesce(sum(count_in), 0), coalesce(sum(count_out), 0),
       max(occupancy), count(*), max(last)
  from r
 where flags & 48 = 0 and last - last % 3600000 > coalesce((select removed_before from writer_state), 0)
 group by sensor_id, line, region, last - last % 3600000)";

}  // namespace

void add_missing_hours(Database& db) {
  db.execute(kMissingHours);
}

Rollups::Rollups(Database& db, Calendar calendar)
    : db_(db),
      calendar_(std::move(calendar)),
      add_hour_(db.prepare(R"(
insert into hourly_analytics (organization_id, store_id, sensor_id, line, region, hour_at, count_in, count_out,
                              occupancy_max, readings, updated_at)
values (1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set count_in = count_in + excluded.count_in, count_out = count_out + excluded.count_out,
  occupancy_max = coalesce(max(occupancy_max, excluded.occupancy_max), occupancy_max, excluded.occupancy_max),
  readings = readings + excluded.readings, updated_at = excluded.updated_at)")),
      add_day_(db.prepare(R"(
insert into daily_analytics (organization_id, store_id, sensor_id, line, region, day, count_in, count_out,
                             unallocated_in, unallocated_out, estimated_in, estimated_out, occupancy_max,
                             readings, updated_at)
values (1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do update set count_in = count_in + excluded.count_in, count_out = count_out + excluded.count_out,
  unallocated_in = unallocated_in + excluded.unallocated_in,
  unallocated_out = unallocated_out + excluded.unallocated_out,
  estimated_in = estimated_in + excluded.estimated_in, estimated_out = estimated_out + excluded.estimated_out,
  occupancy_max = coalesce(max(occupancy_max, excluded.occupancy_max), occupancy_max, excluded.occupancy_max),
  readings = readings + excluded.readings, updated_at = excluded.updated_at)")),
      clear_hour_(
          db.prepare("delete from hourly_analytics where store_id = 1 and sensor_id = ? and hour_at = ? "
                     "and line = ? and region = ?")),
      clear_day_(db.prepare("delete from daily_analytics where store_id = 1 and sensor_id = ? and day = ? "
                            "and line = ? and region = ?")),
      sum_hour_(db.prepare(kSumHour)),
      sum_day_(db.prepare(kSumDay)),
      sum_region_(db.prepare(kSumRegion)),
      note_new_(db.prepare("insert or ignore into day_bounds (day, begins_at, ends_at) values (?, ?, ?)")) {}

void Rollups::add(std::int64_t sensor, std::string_view line, const Reading& reading) {
  if (watch_) watch_(sensor, line, reading, true);
  if ((reading.flags & kVoided) != 0) return;
  const UtcMs last = last_instant(reading.started, reading.duration);
  const auto in = reading.count_in.value_or(0);
  const auto out = reading.count_out.value_or(0);
  auto& day = days_[{sensor, calendar_.day(last), std::string(line), {}}];
  ++day.readings;
  if ((reading.flags & kEstimated) != 0) {
    day.estimated_in += in;
    day.estimated_out += out;
  } else if (reading.duration > kHour) {
    day.unallocated_in += in;
    day.unallocated_out += out;
  } else {
    day.in += in;
    day.out += out;
    auto& hour = hours_[{sensor, hour_of(last), std::string(line), {}}];
    ++hour.readings;
    hour.in += in;
    hour.out += out;
  }
}

void Rollups::add(std::int64_t sensor, std::string_view region, const Presence& presence) {
  const auto raise = [&](Sum& sum) {
    ++sum.readings;
    if (presence.occupancy) sum.occupancy_max = std::max(sum.occupancy_max, presence.occupancy);
  };
  if ((presence.flags & kVoided) != 0) return;
  if ((presence.flags & kEstimated) == 0) {
    raise(hours_[{sensor, hour_of(presence.at), {}, std::string(region)}]);
  }
  raise(days_[{sensor, calendar_.day(presence.at), {}, std::string(region)}]);
}

void Rollups::touch(std::int64_t sensor, std::string_view line, UtcMs started, Millis duration) {
  if (watch_)
    watch_(sensor, line, {.started = started, .duration = duration, .count_in = {}, .count_out = {}}, false);
  const UtcMs last = last_instant(started, duration);
  if (calendar_.begin(calendar_.day(last)) < kept_before_) return;
  dirty_hours_.insert({sensor, hour_of(last), std::string(line), {}});
  dirty_days_.insert({sensor, calendar_.day(last), std::string(line), {}});
}

void Rollups::touch_region(std::int64_t sensor, std::string_view region, UtcMs at) {
  if (calendar_.begin(calendar_.day(at)) < kept_before_) return;
  dirty_hours_.insert({sensor, hour_of(at), {}, std::string(region)});
  dirty_days_.insert({sensor, calendar_.day(at), {}, std::string(region)});
}

bool Rollups::pinned(UtcMs instant, Millis uncertainty) const {
  if (uncertainty == Millis{0}) return true;
  const UtcMs first = instant - uncertainty, last = instant + uncertainty;
  return hour_of(first) == hour_of(last) && calendar_.day(first) == calendar_.day(last);
}

void Rollups::flush(UtcMs now) {
  for (const auto& [bucket, sum] : days_) note_new(bucket.slot);
  for (const auto& bucket : dirty_days_) note_new(bucket.slot);
  for (const auto& [bucket, sum] : hours_) {
    if (!dirty_hours_.contains(bucket)) write_hour(bucket, sum, now);
  }
  for (const auto& [bucket, sum] : days_) {
    if (!dirty_days_.contains(bucket)) write_day(bucket, sum, now);
  }
  for (const auto& bucket : dirty_hours_) recompute_hour(bucket, now);
  for (const auto& bucket : dirty_days_) recompute_day(bucket, now);
  forget_gathered();
}

void Rollups::discard() {
  forget_gathered();
  noted_.clear();
}

void Rollups::set_calendar(Calendar calendar) {
  calendar_ = std::move(calendar);
}

/// Where a day began when it was counted first stays written down until it is counted anew.
void Rollups::note_new(std::int64_t day) {
  if (!noted_.insert(day).second) return;
  note_new_.bind(day, count_ms(calendar_.begin(day)), count_ms(calendar_.begin(day + 1))).run();
}

void Rollups::note(std::int64_t day) {
  db_.prepare("insert or replace into day_bounds (day, begins_at, ends_at) values (?, ?, ?)")
      .bind(day, count_ms(calendar_.begin(day)), count_ms(calendar_.begin(day + 1)))
      .run();
}

void Rollups::recount(std::int64_t day, UtcMs now) {
  flush(now);
  db_.prepare("delete from daily_analytics where day = ? and store_id = 1").bind(day).run();
  db_.prepare(kRecount)
      .bind(day, count_ms(calendar_.begin(day)), count_ms(calendar_.begin(day + 1)), count_ms(now))
      .run();
  note(day);
}

void Rollups::forget_gathered() {
  hours_.clear();
  days_.clear();
  dirty_hours_.clear();
  dirty_days_.clear();
}

void Rollups::write_hour(const Bucket& bucket, const Sum& sum, UtcMs now) {
  add_hour_
      .bind(bucket.sensor, bucket.line, bucket.region, bucket.slot, sum.in, sum.out, sum.occupancy_max,
            sum.readings, count_ms(now))
      .run();
}

void Rollups::write_day(const Bucket& bucket, const Sum& sum, UtcMs now) {
  add_day_
      .bind(bucket.sensor, bucket.line, bucket.region, bucket.slot, sum.in, sum.out, sum.unallocated_in,
            sum.unallocated_out, sum.estimated_in, sum.estimated_out, sum.occupancy_max, sum.readings,
            count_ms(now))
      .run();
}

void Rollups::recompute_hour(const Bucket& bucket, UtcMs now) {
  clear_hour_.bind(bucket.sensor, bucket.slot, bucket.line, bucket.region).run();
  const UtcMs from = utc_ms(bucket.slot);
  Sum sum;
  if (bucket.region.empty()) {
    sum_hour_.bind(bucket.sensor, bucket.line, bucket.slot, count_ms(from + kHour));
    if (sum_hour_.step()) {
      sum.in = sum_hour_.integer(0);
      sum.out = sum_hour_.integer(1);
      sum.readings = sum_hour_.integer(2);
    }
    sum_hour_.reset();
  }
  if (bucket.line.empty()) add_region(bucket, from, from + kHour, kVoided | kEstimated, sum);
  if (sum.readings > 0) write_hour(bucket, sum, now);
}

void Rollups::recompute_day(const Bucket& bucket, UtcMs now) {
  clear_day_.bind(bucket.sensor, bucket.slot, bucket.line, bucket.region).run();
  const UtcMs from = calendar_.begin(bucket.slot), to = calendar_.begin(bucket.slot + 1);
  Sum sum;
  if (bucket.region.empty()) {
    sum_day_.bind(bucket.sensor, bucket.line, count_ms(from), count_ms(to));
    if (sum_day_.step()) {
      sum.in = sum_day_.integer(0);
      sum.out = sum_day_.integer(1);
      sum.unallocated_in = sum_day_.integer(2);
      sum.unallocated_out = sum_day_.integer(3);
      sum.estimated_in = sum_day_.integer(4);
      sum.estimated_out = sum_day_.integer(5);
      sum.readings = sum_day_.integer(6);
    }
    sum_day_.reset();
  }
  if (bucket.line.empty()) add_region(bucket, from, to, kVoided, sum);
  if (sum.readings > 0) write_day(bucket, sum, now);
}

void Rollups::add_region(const Bucket& bucket, UtcMs from, UtcMs to, std::uint32_t without, Sum& sum) {
  sum_region_.bind(bucket.sensor, bucket.region, count_ms(from), count_ms(to), without);
  if (sum_region_.step()) {
    sum.occupancy_max = sum_region_.maybe_integer(0);
    sum.readings += sum_region_.integer(1);
  }
  sum_region_.reset();
}

}  // namespace lintel::store
