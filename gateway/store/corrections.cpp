#include "gateway/store/corrections.hpp"

#include <algorithm>
#include <utility>

namespace lintel::store {

namespace {

constexpr const char* kActions[] = {"swap", "discard", "restore"};
constexpr std::string_view kColumns =
    "select id, at, actor, sensor_id, line, from_at, to_at, action, reason, done_to, changed from "
    "corrections ";

Correction read_row(const Statement& row) {
  Correction c;
  c.id = row.integer(0);
  c.at = utc_ms(row.integer(1));
  c.actor = row.text(2);
  c.sensor = row.integer(3);
  if (!row.is_null(4)) c.line = row.text(4);
  c.from = utc_ms(row.integer(5));
  c.to = utc_ms(row.integer(6));
  c.action = action_from(row.text(7)).value_or(Correction::Action::swap);
  c.reason = row.text(8);
  c.done_to = utc_ms(row.integer(9));
  c.changed = row.integer(10);
  return c;
}

void correct(Correction::Action action, Reading& reading) {
  switch (action) {
    case Correction::Action::swap: std::swap(reading.count_in, reading.count_out); break;
    case Correction::Action::discard: reading.flags |= kVoided; break;
    case Correction::Action::restore: reading.flags &= ~std::uint32_t{kVoided}; break;
  }
  reading.flags |= kCorrected;
}

/// A discarded reading stays discarded however often it is said.
bool changes(Correction::Action action, const Reading& reading) {
  const bool discarded = (reading.flags & kVoided) != 0;
  switch (action) {
    case Correction::Action::swap: return reading.count_in != reading.count_out;
    case Correction::Action::discard: return !discarded;
    case Correction::Action::restore: return discarded;
  }
  return false;
}

}  // namespace

const char* to_string(Correction::Action action) {
  return kActions[static_cast<std::size_t>(action)];
}

std::optional<Correction::Action> action_from(std::string_view word) {
  for (std::size_t i = 0; i < std::size(kActions); ++i) {
    if (word == kActions[i]) return static_cast<Correction::Action>(i);
  }
  return std::nullopt;
}

bool Correction::concerns(std::int64_t other, std::string_view name, UtcMs started) const {
  return other == sensor && (!line || *line == name) && started >= from && started < to;
}

Corrections::Corrections(Database& db, Readings& readings)
    : readings_(readings),
      insert_(
          db.prepare("insert into corrections (at, actor, sensor_id, line, from_at, to_at, action, reason, "
                     "done_to) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?5) returning id")),
      progress_(db.prepare("update corrections set done_to = ?, changed = ? where id = ?")),
      boundary_(db.prepare("select started_at from people_counting_raw where started_at >= ?1 and "
                           "started_at < ?2 and sensor_id = ?3 order by started_at limit 1 offset ?4")),
      slice_(db.prepare("select change_no, line, started_at, seq, duration_ms, count_in, count_out, flags, "
                        "revision, received_at, mark from people_counting_raw where started_at >= ?1 and "
                        "started_at < ?2 and sensor_id = ?3 and (?4 is null or line = ?4)")),
      select_(db.prepare(std::string(kColumns) + "order by id")) {
  load();
}

void Corrections::load() {
  all_.clear();
  while (select_.step()) all_.push_back(read_row(select_));
  select_.reset();
}

Correction Corrections::add(Correction correction) {
  insert_.bind(count_ms(correction.at), correction.actor, correction.sensor, correction.line,
               count_ms(correction.from), count_ms(correction.to), to_string(correction.action),
               correction.reason);
  (void)insert_.step();
  correction.id = insert_.integer(0);
  insert_.reset();
  correction.done_to = correction.from;
  correction.changed = 0;
  all_.push_back(correction);
  return correction;
}

bool Corrections::unfinished() const {
  return std::any_of(all_.begin(), all_.end(), [](const Correction& c) { return !c.finished(); });
}

bool Corrections::advance() {
  const auto next = std::find_if(all_.begin(), all_.end(), [](const Correction& c) { return !c.finished(); });
  if (next == all_.end()) return false;
  boundary_.bind(count_ms(next->done_to), count_ms(next->to), next->sensor, kSlice);
  // Readings that begin in one instant are corrected together, so progress is a point in time.
  const auto until =
      boundary_.step() ? std::max(utc_ms(boundary_.integer(0)), next->done_to + Millis{1}) : next->to;
  boundary_.reset();
  revise(*next, until);
  return true;
}

void Corrections::revise(const Correction& correction, UtcMs until) {
  std::vector<std::pair<StoredReading, Reading>> rows;
  slice_.bind(count_ms(correction.done_to), count_ms(until), correction.sensor, correction.line);
  while (slice_.step()) {
    StoredReading old{slice_.integer(0), correction.sensor, std::string(slice_.text(1)),
                      slice_.integer(3), slice_.integer(8), utc_ms(slice_.integer(9))};
    Reading reading{utc_ms(slice_.integer(2)), Millis{slice_.integer(4)}, slice_.maybe_integer(5),
                    slice_.maybe_integer(6), static_cast<std::uint32_t>(slice_.integer(7))};
    reading.mark = slice_.maybe_integer(10);
    if (changes(correction.action, reading)) rows.emplace_back(std::move(old), reading);
  }
  slice_.reset();
  for (auto& [old, reading] : rows) {
    correct(correction.action, reading);
    readings_.revise(old, reading);
  }
  for (auto& known : all_) {
    if (known.id != correction.id) continue;
    known.changed += static_cast<std::int64_t>(rows.size());
    known.done_to = until;
    progress_.bind(count_ms(known.done_to), known.changed, known.id).run();
    return;
  }
}

void Corrections::apply(std::int64_t sensor, std::string_view line, Reading& reading) const {
  for (const auto& correction : all_) {
    // What begins later is still ahead of the slices and will be met by them.
    if (correction.concerns(sensor, line, reading.started) && reading.started < correction.done_to &&
        changes(correction.action, reading)) {
      correct(correction.action, reading);
    }
  }
}

std::vector<Correction> find_corrections(Database& db, std::int64_t sensor) {
  std::vector<Correction> found;
  auto rows = db.prepare(std::string(kColumns) + "where sensor_id = ? order by id");
  rows.bind(sensor);
  while (rows.step()) found.push_back(read_row(rows));
  return found;
}

}  // namespace lintel::store
