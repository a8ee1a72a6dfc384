#include "gateway/store/retention.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"

namespace lintel::store {

namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 60s;
constexpr std::int64_t kSlice = 5000;
constexpr std::int64_t kAlwaysKept = 1000;
constexpr std::chrono::days kHours{400};
constexpr std::chrono::days kDays{1200};
constexpr const char* kAlert = "given_up";

/// Both raw tables: number, series, times, counts, of (?1, ?2].
constexpr const char* kRows = R"(
select sensor_id, 0 as regional, line as label, started_at, duration_ms, coalesce(count_in, 0) as count_in,
       coalesce(count_out, 0) as count_out
  from people_counting_raw where change_no > ?1 and change_no <= ?2
union all
select sensor_id, 1, region, started_at, duration_ms, 0, 0
  from regional_counting_raw where change_no > ?1 and change_no <= ?2)";

std::int64_t millis_of(std::chrono::days days) {
  return std::chrono::milliseconds(days).count();
}

}  // namespace

std::uint64_t room_for(std::uint64_t file, std::uint64_t free) {
  return (file + free) / 10 * 9;
}

Room room_of(Database& db, const std::filesystem::path& file, const RetentionLimits& limits) {
  const auto page = static_cast<std::uint64_t>(db.scalar("pragma page_size"));
  const auto pages = static_cast<std::uint64_t>(db.scalar("pragma page_count"));
  const auto unused = static_cast<std::uint64_t>(db.scalar("pragma freelist_count"));
  Room room;
  room.used = (pages - std::min(pages, unused)) * page;
  if (limits.most_bytes > 0) {
    room.limit = limits.most_bytes;
    return room;
  }
  std::error_code error;
  const auto space = std::filesystem::space(file.parent_path(), error);
  const auto free = error ? 0 : static_cast<std::uint64_t>(space.available);
  room.limit = room_for(pages * page, free);
  return room;
}

std::optional<std::chrono::days> days_alone(Database& db, const Room& room) {
  const auto received = [&db](const char* order) {
    auto row = db.prepare(fmt::format(
        "select change_no, received_at from people_counting_raw order by change_no {} limit 1", order));
    return row.step() ? std::optional(std::pair(row.integer(0), row.integer(1))) : std::nullopt;
  };
  const auto first = received("asc"), last = received("desc");
  if (!first || !last || last->second - first->second < millis_of(std::chrono::days{1})) return std::nullopt;
  const auto changes = static_cast<double>(last->first - first->first + 1);
  const auto span = static_cast<double>(last->second - first->second) / 86'400'000;
  const auto bytes_a_day = static_cast<double>(room.used) / span;
  const auto owed = db.scalar(
      "select max(w.next_change_no - 1 - max(s.watermark, w.removed_to), 0) from writer_state w, sync_state "
      "s");
  const auto left =
      static_cast<double>(room.limit) - static_cast<double>(room.used) / changes * static_cast<double>(owed);
  return std::chrono::days{
      static_cast<std::chrono::days::rep>(std::max(left, 0.0) / std::max(bytes_a_day, 1.0))};
}

Retention::Retention(Database& db, std::filesystem::path file, Rollups& rollups, RetentionLimits limits,
                     TakeBack take_back)
    : db_(db), file_(std::move(file)), rollups_(rollups), limits_(limits), take_back_(std::move(take_back)) {
  load();
}

void Retention::load() {
  removed_to_ = db_.scalar("select removed_to from writer_state");
  removed_before_ = db_.scalar("select removed_before from writer_state");
  rollups_.keep_before(utc_ms(removed_before_));
}

std::int64_t Retention::watermark() {
  return db_.scalar("select watermark from sync_state");
}

bool Retention::due(std::optional<UtcMs> now, Steady at) {
  if (reason_ == Reason::none && at < look_at_) return false;
  if (reason_ == Reason::none) {
    look_at_ = at + kLookEvery;
    look(now);
  }
  return reason_ != Reason::none;
}

void Retention::look(std::optional<UtcMs> now) {
  if (room_of(db_, file_, limits_).over()) {
    reason_ = Reason::space;
    return;
  }
  if (!now) return;
  auto oldest = db_.prepare(
      "select min(received_at) from (select received_at from (select received_at from people_counting_raw "
      "where change_no > ?1 and change_no <= ?2 order by change_no limit 1) union all select received_at "
      "from "
      "(select received_at from regional_counting_raw where change_no > ?1 and change_no <= ?2 "
      "order by change_no limit 1))");
  oldest.bind(removed_to_, watermark());
  const bool old =
      oldest.step() && !oldest.is_null(0) && oldest.integer(0) < count_ms(*now) - millis_of(limits_.keep);
  if (old) reason_ = Reason::age;
}

/// The first of the next readings that is not old.
std::int64_t Retention::young_from(std::int64_t to, UtcMs cutoff) {
  auto young = db_.prepare(
      "select min(change_no) from (select min(change_no) as change_no from people_counting_raw "
      "where change_no > ?1 and change_no <= ?2 and received_at >= ?3 union all select min(change_no) "
      "from regional_counting_raw where change_no > ?1 and change_no <= ?2 and received_at >= ?3)");
  young.bind(removed_to_, to, count_ms(cutoff));
  return young.step() && !young.is_null(0) ? young.integer(0) : to + 1;
}

Retention::Slice Retention::next(UtcMs now) {
  Slice slice;
  const auto last = db_.scalar("select next_change_no - 1 from writer_state");
  const auto confirmed = watermark();
  slice.to = std::min(removed_to_ + kSlice, reason_ == Reason::age ? confirmed : last - kAlwaysKept);
  if (confirmed > removed_to_) slice.to = std::min(slice.to, confirmed);
  if (reason_ == Reason::age) slice.to = young_from(slice.to, now - limits_.keep) - 1;
  if (slice.to <= removed_to_) return {};
  auto rows = db_.prepare(fmt::format("select max(started_at + duration_ms), count(*) from ({})", kRows));
  rows.bind(removed_to_, slice.to);
  if (rows.step() && !rows.is_null(0)) {
    slice.last_instant = rows.integer(0);
    slice.rows = rows.integer(1);
  }
  return slice;
}

void Retention::step(UtcMs now) {
  if (reason_ == Reason::space && !room_of(db_, file_, limits_).over()) {
    reason_ = Reason::none;
    all_clear(now);
    return;
  }
  const auto slice = next(now);
  if (slice.to == 0) {
    reason_ = Reason::none;
    return;
  }
  if (slice.to > watermark()) give_up(slice.to, now);
  remove(slice);
  prune_summaries(now);
}

/// HQ has none of the slice, or the slice would end at the watermark.
void Retention::give_up(std::int64_t to, UtcMs now) {
  struct Lost {
    std::int64_t readings = 0, in = 0, out = 0;
  };
  std::map<std::pair<CoverageSeries, std::int64_t>, Lost> days;
  std::map<CoverageSeries, std::pair<UtcMs, UtcMs>> spans;
  auto rows = db_.prepare(kRows);
  rows.bind(removed_to_, to);
  while (rows.step()) {
    const CoverageSeries series{rows.integer(0), rows.integer(1) != 0, std::string(rows.text(2))};
    const UtcMs from = utc_ms(rows.integer(3)), end = from + Millis{rows.integer(4)};
    auto& lost = days[{series, rollups_.calendar().day(std::max(from, end - Millis{1}))}];
    ++lost.readings;
    lost.in += rows.integer(5);
    lost.out += rows.integer(6);
    const auto [span, first] = spans.try_emplace(series, from, end);
    if (!first) span->second = {std::min(span->second.first, from), std::max(span->second.second, end)};
  }
  auto note = db_.prepare(
      "insert or replace into given_up (sensor_id, regional, label, day, readings, count_in, count_out, at) "
      "select ?1, ?2, ?3, ?4, ?5 + coalesce(max(readings), 0), ?6 + coalesce(max(count_in), 0), "
      "?7 + coalesce(max(count_out), 0), ?8 from given_up "
      "where sensor_id = ?1 and regional = ?2 and label = ?3 and day = ?4");
  for (const auto& [key, lost] : days) {
    const auto& [series, day] = key;
    note.bind(series.sensor, series.regional, series.label, day, lost.readings, lost.in, lost.out,
              count_ms(now))
        .run();
  }
  for (const auto& [series, span] : spans) take_back_(series, span.first, span.second);
  if (!days.empty()) tell(now);
}

void Retention::remove(const Slice& slice) {
  for (const char* table : {"people_counting_raw", "regional_counting_raw"}) {
    db_.prepare(fmt::format("delete from {} where change_no > ? and change_no <= ? "
                            "and change_no not in (select change_no from set_aside)",
                            table))
        .bind(removed_to_, slice.to)
        .run();
  }
  for (const char* table : {"moved_readings", "journal"})
    db_.prepare(fmt::format("delete from {} where change_no <= ?", table)).bind(slice.to).run();
  removed_to_ = slice.to;
  removed_before_ = std::max(removed_before_, slice.last_instant);
  db_.prepare("update writer_state set removed_to = ?, removed_before = ?")
      .bind(removed_to_, removed_before_)
      .run();
  rollups_.keep_before(utc_ms(removed_before_));
  // A day of which readings are gone cannot be compared any more.
  db_.prepare("delete from day_checks where day <= ?").bind(removed_before_ / 86'400'000).run();
}

void Retention::prune_summaries(UtcMs now) {
  db_.prepare("delete from hourly_analytics where hour_at < ?").bind(count_ms(now - kHours)).run();
  const auto last_day = rollups_.calendar().day(now - kDays);
  for (const char* table : {"daily_analytics", "day_bounds"}) {
    db_.prepare(fmt::format("delete from {} where day < ?", table)).bind(last_day).run();
  }
  db_.prepare(
         "delete from coverage where to_at < ?1 and to_at < ?2 and revision <= (select coverage_told from "
         "sync_state)")
      .bind(removed_before_, count_ms(now - limits_.keep))
      .run();
}

void Retention::tell(UtcMs now) {
  auto sum = db_.prepare("select sum(readings), min(day), max(day) from given_up");
  (void)sum.step();
  const auto message = fmt::format(
      "There was no room left, and {} readings of {} to {} had to go that HQ does not have. Bring the "
      "connection "
      "to HQ back, or use a larger card.",
      sum.integer(0), format_utc(utc_ms(sum.integer(1) * 86'400'000)).substr(0, 10),
      format_utc(utc_ms(sum.integer(2) * 86'400'000)).substr(0, 10));
  sum.reset();
  const auto ms = count_ms(now);
  db_.prepare("update alerts set message = ?, updated_at = ? where dedup_key = ? and state <> 'resolved'")
      .bind(message, ms, kAlert)
      .run();
  db_.prepare(
         "insert into alerts (organization_id, store_id, gateway_id, public_id, kind, dedup_key, severity, "
         "message, "
         "opened_at, created_at, updated_at) select 1, 1, 1, ?1, ?2, ?2, 'critical', ?3, ?4, ?4, ?4 "
         "where not exists (select 1 from alerts where dedup_key = ?2 and state <> 'resolved')")
      .bind(random_uuid(), kAlert, message, ms)
      .run();
}

/// There is room again, and HQ has all that is here.
void Retention::all_clear(UtcMs now) {
  if (watermark() < removed_to_) return;
  db_.prepare(
         "update alerts set state = 'resolved', resolved_at = ?1, updated_at = ?1 where dedup_key = ?2 and "
         "state <> "
         "'resolved'")
      .bind(count_ms(now), kAlert)
      .run();
}

}  // namespace lintel::store
