#include "gateway/store/moves.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace lintel::store {

namespace {

const char* table(bool regional) {
  return regional ? "regional_counting_raw" : "people_counting_raw";
}
const char* label(bool regional) {
  return regional ? "region" : "line";
}

}  // namespace

LeftKeys::LeftKeys(Database& db)
    : find_(db.prepare("select revision from moved_readings where sensor_id = ? and started_at = ? "
                       "and line = ? and seq = ? and regional = ?")),
      leave_(db.prepare("insert into moved_readings (change_no, sensor_id, started_at, line, seq, regional, "
                        "revision) values (?, ?, ?, ?, ?, ?, ?) on conflict do update set "
                        "change_no = excluded.change_no, revision = max(revision, excluded.revision)")),
      renumber_(db.prepare("update moved_readings set change_no = ? where change_no = ?")),
      any_(db.scalar("select exists (select 1 from moved_readings)") != 0) {}

std::int64_t LeftKeys::revision(const Key& key) {
  if (!any_) return 1;
  find_.bind(key.sensor, key.started, key.label, key.seq, key.regional);
  const auto revision = find_.step() ? find_.integer(0) : 1;
  find_.reset();
  return revision;
}

void LeftKeys::leave(const Key& key, std::int64_t change_no, std::int64_t revision) {
  any_ = true;
  leave_.bind(change_no, key.sensor, key.started, key.label, key.seq, key.regional, revision).run();
}

void LeftKeys::renumber(std::int64_t was, std::int64_t now) {
  if (any_) renumber_.bind(now, was).run();
}

Moves::Moves(Database& db, ChangeNumbers& numbers, Rollups& rollups, LeftKeys& left)
    : db_(db), numbers_(numbers), rollups_(rollups), left_(left) {}

int Moves::run(Changes changes, Millis by, std::uint32_t mark, int limit) {
  int moved = 0;
  for (const bool regional : {false, true}) {
    for (auto& row : rows(regional, changes, by, limit)) {
      row.flags |= mark;
      move(std::move(row), regional, by);
      ++moved;
    }
  }
  return moved;
}

/// Those in the way go first: the newest where all move forward, the oldest where they move back.
std::vector<Moves::Row> Moves::rows(bool regional, Changes changes, Millis by, int limit) {
  auto select = db_.prepare(fmt::format(
      "select change_no, sensor_id, {}, started_at, seq, duration_ms, {}, flags, revision, received_at "
      "from {} where change_no >= ? and change_no < ? and flags & {} <> 0 order by change_no {} limit ?",
      label(regional), regional ? "occupancy, null" : "count_in, count_out", table(regional),
      static_cast<std::uint32_t>(kMovable), by > Millis{0} ? "desc" : "asc"));
  select.bind(changes.from, changes.to, limit);
  std::vector<Row> rows;
  while (select.step()) {
    rows.push_back({select.integer(0), select.integer(1), std::string(select.text(2)), select.integer(3),
                    select.integer(4), select.integer(5), select.maybe_integer(6), select.maybe_integer(7),
                    static_cast<std::uint32_t>(select.integer(8)), select.integer(9), select.integer(10)});
  }
  return rows;
}

void Moves::move(Row row, bool regional, Millis by) {
  const Row old = row;
  // A reading of one instant has but one mark.
  const bool start = (row.flags & kStartOnOwn) != 0 || row.duration == 0;
  auto end = row.started + row.duration;
  if ((row.flags & kUnconfirmed) != 0) {
    end += by.count();
    row.received += by.count();
  }
  if (start) row.started += by.count();
  row.started = std::min(row.started, end);
  row.duration = end - row.started;
  row.flags = (row.flags & ~static_cast<std::uint32_t>(kMovable)) | kCorrected;
  db_.prepare(fmt::format("delete from {} where change_no = ?", table(regional))).bind(old.change_no).run();
  db_.prepare("delete from set_aside where change_no = ?").bind(old.change_no).run();
  while (taken(row, regional)) ++row.seq;

  row.revision =
      std::max(old.revision + 1, left_.revision({row.sensor, row.label, row.started, row.seq, regional}));
  const auto number = numbers_.take();
  insert(row, regional, number);
  left_.renumber(old.change_no, number);
  if (row.started != old.started || row.seq != old.seq) {
    left_.leave({old.sensor, old.label, old.started, old.seq, regional}, number, row.revision);
  }
  touch(old, regional);
  touch(row, regional);
}

bool Moves::taken(const Row& row, bool regional) {
  auto select = db_.prepare(
      fmt::format("select 1 from {} where started_at = ? and sensor_id = ? and {} = ? and seq = ?",
                  table(regional), label(regional)));
  select.bind(row.started, row.sensor, row.label, row.seq);
  return select.step();
}

void Moves::insert(const Row& row, bool regional, std::int64_t number) {
  const auto columns = regional ? "occupancy" : "count_in, count_out";
  auto insert =
      db_.prepare(fmt::format("insert into {} (change_no, sensor_id, {}, started_at, seq, duration_ms, "
                              "flags, revision, received_at, {}) "
                              "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?{})",
                              table(regional), label(regional), columns, regional ? "" : ", ?"));
  if (regional) {
    insert.bind(number, row.sensor, row.label, row.started, row.seq, row.duration, row.flags, row.revision,
                row.received, row.first);
  } else {
    insert.bind(number, row.sensor, row.label, row.started, row.seq, row.duration, row.flags, row.revision,
                row.received, row.first, row.second);
  }
  insert.run();
}

void Moves::touch(const Row& row, bool regional) {
  if (regional) {
    rollups_.touch_region(row.sensor, row.label, utc_ms(row.started));
  } else {
    rollups_.touch(row.sensor, row.label, utc_ms(row.started), Millis{row.duration});
  }
}

}  // namespace lintel::store
