#include "gateway/store/readings.hpp"

#include <algorithm>

namespace lintel::store {

Readings::Readings(Database& db, ChangeNumbers& numbers, Rollups& rollups, LeftKeys& left)
    : numbers_(numbers),
      rollups_(rollups),
      left_(left),
      insert_line_(db.prepare(R"(
insert into people_counting_raw (change_no, sensor_id, line, started_at, seq,
                                 duration_ms, count_in, count_out, flags, revision, received_at, mark)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (started_at, sensor_id, line, seq) do nothing returning 1)")),
      find_line_(
          // A passage at the first instant of a window is not that window.
          db.prepare("select change_no, duration_ms, count_in, count_out, flags, revision, received_at, seq "
                     "from people_counting_raw where sensor_id = ? and started_at = ? "
                     "and line = ? and (duration_ms > 0) = (? > 0) order by seq limit 1")),
      find_same_(db.prepare("select 1 from people_counting_raw where sensor_id = ? and started_at = ? "
                            "and line = ? and duration_ms = ? and count_in is ? and count_out is ? limit 1")),
      find_mark_(db.prepare("select 1 from people_counting_raw where sensor_id = ? and started_at = ? "
                            "and line = ? and mark = ? limit 1")),
      delete_line_(db.prepare("delete from people_counting_raw where change_no = ?")),
      last_seq_(db.prepare("select max(seq) from people_counting_raw where sensor_id = ? "
                           "and started_at = ? and line = ?")),
      sum_events_(db.prepare("select coalesce(sum(count_in), 0), coalesce(sum(count_out), 0) "
                             "from people_counting_raw where sensor_id = ? and started_at >= ? "
                             "and started_at < ? and line = ? and duration_ms = 0 and flags & 32 = 0")),
      // The key begins with the time, so the day before is read of all sensors; overlaps are rare.
      sum_overlap_(db.prepare("select coalesce(sum(count_in), 0), coalesce(sum(count_out), 0) "
                              "from people_counting_raw where sensor_id = ?1 and line = ?4 "
                              "and started_at > ?2 - 86400000 and started_at < ?3 and started_at <> ?2 "
                              "and started_at + duration_ms > ?2 and duration_ms > 0 and flags & 32 = 0")),
      insert_region_(db.prepare(R"(
insert into regional_counting_raw (change_no, sensor_id, region, started_at,
                                   occupancy, flags, revision, received_at)
values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (started_at, sensor_id, region, seq) do nothing returning 1)")),
      find_region_(db.prepare("select change_no, occupancy, revision, received_at from regional_counting_raw "
                              "where sensor_id = ? and started_at = ? and region = ? and seq = 0")),
      delete_region_(db.prepare("delete from regional_counting_raw where change_no = ?")),
      db_(db),
      lines_again_(db.prepare("select change_no from people_counting_raw where started_at >= ? and "
                              "started_at < ? and sensor_id = ? and line = ? and change_no not in "
                              "(select change_no from set_aside) order by change_no")),
      regions_again_(db.prepare("select change_no from regional_counting_raw where started_at >= ? and "
                                "started_at < ? and sensor_id = ? and region = ? and change_no not in "
                                "(select change_no from set_aside) order by change_no")),
      renumber_line_(db.prepare(
          "update people_counting_raw set change_no = ?, revision = revision + 1 where change_no = ?")),
      renumber_region_(db.prepare(
          "update regional_counting_raw set change_no = ?, revision = revision + 1 where change_no = ?")) {}

bool Readings::insert(std::int64_t sensor, std::string_view line, const Reading& reading, std::int64_t seq,
                      std::int64_t revision, UtcMs received) {
  revision = std::max(revision, left_.revision({sensor, line, count_ms(reading.started), seq, false}));
  insert_line_.bind(numbers_.next(), sensor, line, count_ms(reading.started), seq, reading.duration.count(),
                    reading.count_in, reading.count_out, reading.flags, revision, count_ms(received),
                    reading.mark);
  const bool fresh = insert_line_.step();
  insert_line_.reset();
  if (fresh) (void)numbers_.take();
  return fresh;
}

bool Readings::is_stored(std::int64_t sensor, std::string_view line, const Reading& reading) {
  if (reading.mark) {
    find_mark_.bind(sensor, count_ms(reading.started), line, *reading.mark);
    const bool found = find_mark_.step();
    find_mark_.reset();
    return found;
  }
  find_same_.bind(sensor, count_ms(reading.started), line, reading.duration.count(), reading.count_in,
                  reading.count_out);
  const bool found = find_same_.step();
  find_same_.reset();
  return found;
}

/// Leaves find_line_ at the statement that this one repeats or corrects; false: there is none.
bool Readings::seek(std::int64_t sensor, std::string_view line, const Reading& reading) {
  find_line_.bind(sensor, count_ms(reading.started), line, reading.duration.count());
  return find_line_.step();
}

Stored Readings::put(std::int64_t sensor, std::string_view line, Reading reading, UtcMs received) {
  if (!rollups_.pinned(last_instant(reading.started, reading.duration), reading.uncertainty)) {
    reading.flags |= kEstimated;
  }
  if (reading.once && is_stored(sensor, line, reading)) return Stored::repeated;
  if (reading.minus_events && reading.duration.count() > 0) {
    subtract(counted_inside(sum_events_, sensor, line, reading), reading);
  }
  if (reading.minus_overlap) {
    // What the window was worth when it came first is not to be reckoned again after others.
    const auto others = counted_inside(sum_overlap_, sensor, line, reading);
    const bool known = seek(sensor, line, reading) && Millis{find_line_.integer(1)} == reading.duration;
    find_line_.reset();
    if (known && others != Counts{}) return Stored::repeated;
    if (!known) subtract(others, reading);
  }
  if (!insert(sensor, line, reading, 0, 1, received)) {
    if (!reading.separate) return replace(sensor, line, reading, received);
    insert(sensor, line, reading, next_seq(sensor, line, reading.started), 1, received);
  }
  rollups_.add(sensor, line, reading);
  return Stored::inserted;
}

/// `sum` adds up, for sensor, start, end and line, what has been counted already.
Readings::Counts Readings::counted_inside(Statement& sum, std::int64_t sensor, std::string_view line,
                                          const Reading& reading) {
  sum.bind(sensor, count_ms(reading.started), count_ms(reading.started + reading.duration), line);
  const auto counts = sum.step() ? Counts{sum.integer(0), sum.integer(1)} : Counts{};
  sum.reset();
  return counts;
}

void Readings::subtract(const Counts& already, Reading& reading) {
  const auto less = [](std::optional<std::int64_t>& count, std::int64_t counted) {
    if (count) *count = std::max<std::int64_t>(0, *count - counted);
  };
  less(reading.count_in, already.in);
  less(reading.count_out, already.out);
}

std::int64_t Readings::next_seq(std::int64_t sensor, std::string_view line, UtcMs started) {
  last_seq_.bind(sensor, count_ms(started), line);
  const auto next = last_seq_.step() ? last_seq_.integer(0) + 1 : 0;
  last_seq_.reset();
  return next;
}

Stored Readings::replace(std::int64_t sensor, std::string_view line, Reading reading, UtcMs received) {
  if (!seek(sensor, line, reading)) {
    find_line_.reset();
    insert(sensor, line, reading, next_seq(sensor, line, reading.started), 1, received);
    rollups_.add(sensor, line, reading);
    return Stored::inserted;
  }
  const auto change_no = find_line_.integer(0);
  const Millis old_duration{find_line_.integer(1)};
  const bool same = old_duration == reading.duration && find_line_.maybe_integer(2) == reading.count_in &&
                    find_line_.maybe_integer(3) == reading.count_out;
  const auto revision = find_line_.integer(5);
  const auto seq = find_line_.integer(7);
  find_line_.reset();
  if (same) return Stored::repeated;

  reading.flags |= kCorrected;
  delete_line_.bind(change_no).run();
  left_.renumber(change_no, numbers_.next());
  insert(sensor, line, reading, seq, revision + 1, received);
  rollups_.touch(sensor, line, reading.started, old_duration);
  rollups_.touch(sensor, line, reading.started, reading.duration);
  return Stored::corrected;
}

void Readings::revise(const StoredReading& old, const Reading& now) {
  delete_line_.bind(old.change_no).run();
  left_.renumber(old.change_no, numbers_.next());
  insert(old.sensor, old.line, now, old.seq, old.revision + 1, old.received);
  rollups_.touch(old.sensor, old.line, now.started, now.duration);
}

Stored Readings::put(std::int64_t sensor, std::string_view region, Presence presence, UtcMs received) {
  if (!rollups_.pinned(presence.at, presence.uncertainty)) presence.flags |= kEstimated;
  const auto insert = [&](std::int64_t revision) {
    revision = std::max(revision, left_.revision({sensor, region, count_ms(presence.at), 0, true}));
    insert_region_.bind(numbers_.next(), sensor, region, count_ms(presence.at), presence.occupancy,
                        presence.flags, revision, count_ms(received));
    const bool fresh = insert_region_.step();
    insert_region_.reset();
    if (fresh) (void)numbers_.take();
    return fresh;
  };
  if (insert(1)) {
    rollups_.add(sensor, region, presence);
    return Stored::inserted;
  }
  find_region_.bind(sensor, count_ms(presence.at), region);
  (void)find_region_.step();
  const auto change_no = find_region_.integer(0);
  const bool same = find_region_.maybe_integer(1) == presence.occupancy;
  const auto revision = find_region_.integer(2);
  find_region_.reset();
  if (same) return Stored::repeated;
  delete_region_.bind(change_no).run();
  left_.renumber(change_no, numbers_.next());
  insert(revision + 1);
  rollups_.touch_region(sensor, region, presence.at);
  return Stored::corrected;
}

void Readings::owe_again(std::int64_t sensor, bool region, std::string_view label, UtcMs from, UtcMs to) {
  auto& select = region ? regions_again_ : lines_again_;
  auto& renumber = region ? renumber_region_ : renumber_line_;
  std::vector<std::int64_t> changes;
  select.bind(count_ms(from), count_ms(to), sensor, label);
  while (select.step()) changes.push_back(select.integer(0));
  select.reset();
  for (const auto change : changes) {
    const auto again = numbers_.take();
    renumber.bind(again, change).run();
    left_.renumber(change, again);  // it moves there as well
  }
}

/// Gives readings that HQ refused new numbers, under which they are sent once more.
void Readings::take_up(const std::vector<std::int64_t>& refused) {
  auto lines = db_.prepare("update people_counting_raw set change_no = ? where change_no = ?");
  auto regions = db_.prepare("update regional_counting_raw set change_no = ? where change_no = ?");
  auto taken = db_.prepare("delete from set_aside where change_no = ?");
  for (const auto change : refused) {
    const auto again = numbers_.take();
    lines.bind(again, change).run();
    regions.bind(again, change).run();
    left_.renumber(change, again);
    taken.bind(change).run();
  }
}

std::int64_t Readings::owe_set_aside(UtcMs now) {
  std::vector<std::int64_t> changes;
  auto select = db_.prepare("select change_no from set_aside order by change_no");
  while (select.step()) changes.push_back(select.integer(0));
  take_up(changes);
  if (!changes.empty()) {
    db_.prepare("update sync_state set refused_retried_at = ? where id = 1").bind(count_ms(now)).run();
  }
  return static_cast<std::int64_t>(changes.size());
}

std::int64_t Readings::owe_returned(const std::vector<std::string>& sensors) {
  std::vector<std::int64_t> changes;
  auto select = db_.prepare(
      "select a.change_no from set_aside a "
      "left join people_counting_raw l on l.change_no = a.change_no "
      "left join regional_counting_raw r on r.change_no = a.change_no "
      "join sensor_metadata s on s.id = coalesce(l.sensor_id, r.sensor_id) "
      "where s.public_id = ? and a.code in ('not_owner', 'unknown_sensor', 'foreign_sensor') order by 1");
  for (const auto& sensor : sensors) {
    select.bind(sensor);
    while (select.step()) changes.push_back(select.integer(0));
    select.reset();
  }
  take_up(changes);
  return static_cast<std::int64_t>(changes.size());
}

std::optional<Existing> Readings::find(std::int64_t sensor, std::string_view line, const Reading& reading) {
  if (reading.once && is_stored(sensor, line, reading)) return Existing{UtcMs::max(), true};
  if (reading.separate) return std::nullopt;
  std::optional<Existing> existing;
  if (seek(sensor, line, reading)) {
    existing = Existing{utc_ms(find_line_.integer(6)), Millis{find_line_.integer(1)} == reading.duration &&
                                                           find_line_.maybe_integer(2) == reading.count_in &&
                                                           find_line_.maybe_integer(3) == reading.count_out};
  }
  find_line_.reset();
  return existing;
}

std::optional<Existing> Readings::find(std::int64_t sensor, std::string_view region,
                                       const Presence& presence) {
  find_region_.bind(sensor, count_ms(presence.at), region);
  std::optional<Existing> existing;
  if (find_region_.step()) {
    existing = Existing{utc_ms(find_region_.integer(3)), find_region_.maybe_integer(1) == presence.occupancy};
  }
  find_region_.reset();
  return existing;
}

}  // namespace lintel::store
