#include "gateway/app/boots.hpp"

#include <algorithm>

#include "gateway/app/boot_bytes.hpp"

namespace lintel::app {

namespace {

constexpr BootTime kAliveEvery = std::chrono::minutes{1};
constexpr int kMovedAtOnce = 200;

std::optional<std::int64_t> count_of(const std::optional<Millis>& time) {
  return time ? std::optional(static_cast<std::int64_t>(time->count())) : std::nullopt;
}

clock::Offset offset_at(const store::Statement& row, int column) {
  clock::Offset offset{Millis{row.integer(column)}, clock::source_from(row.text(column + 1)), {}};
  if (const auto ms = row.maybe_integer(column + 2)) offset.uncertainty = Millis{*ms};
  return offset;
}

}  // namespace

KnownBoots known_boots(store::Database& db, const BootId& current) {
  KnownBoots known;
  auto rows = db.prepare("select boot_id, last_ms, offset_ms, source, uncertainty_ms from boots");
  while (rows.step()) {
    const auto id = boot_from(rows.text(0));
    const auto offset = offset_at(rows, 2);
    known.offsets[id] = offset;
    if (id != current && offset.source >= clock::Source::https) {
      known.confirmed = std::max(known.confirmed, UtcMs{offset.offset + Millis{rows.integer(1)}});
    }
  }
  return known;
}

Boots::Boots(store::Store& store, counting::SeriesStates& series, clock::WallClock& wall)
    : store_(store),
      series_(series),
      wall_(wall),
      save_(store.db().prepare(
          "insert into boots (boot_id, ordinal, source, offset_ms, uncertainty_ms, last_ms, first_seen_at) "
          "values (?, (select coalesce(max(ordinal), 0) + 1 from boots), ?, ?, ?, ?, ?) "
          "on conflict do update set source = excluded.source, offset_ms = excluded.offset_ms, "
          "uncertainty_ms = excluded.uncertainty_ms, last_ms = max(last_ms, excluded.last_ms)")),
      alive_(
          store.db().prepare("update boots set last_ms = max(last_ms, ?) where boot_id = cast(? as blob)")) {
  load();
  auto own = store_.db().prepare("select 1 from boots where boot_id = cast(? as blob)");
  own.bind(bytes_of(wall_.boot()));
  changed_ = !own.step();
}

void Boots::load() {
  moving_ = store_.db().scalar("select exists (select 1 from boots where shift_ms is not null)") != 0;
  known_.clear();
  met_.reset();
  auto rows = store_.db().prepare("select boot_id from boots");
  while (rows.step()) known_.insert(boot_from(rows.text(0)));
}

void Boots::meet(const BootId& boot) {
  if (met_ && *met_ != boot) met_all();
  if (boot == wall_.boot() || !known_.insert(boot).second) return;
  auto& db = store_.db();
  const auto own = bytes_of(wall_.boot());
  db.prepare("update boots set ordinal = ordinal + 1 where boot_id = cast(? as blob)").bind(own).run();
  db.prepare(
        "insert into boots (boot_id, ordinal, source, first_seen_at) select cast(?1 as blob), ordinal - 1, "
        "'none', first_seen_at from boots where boot_id = cast(?2 as blob)")
      .bind(bytes_of(boot), own)
      .run();
  met_ = boot;
}

void Boots::met_all() {
  if (met_) changed_ = true;
  met_.reset();
}

std::optional<Millis> Boots::notice() {
  changed_ = true;
  const auto replaced = wall_.take_replaced();
  if (!replaced) return std::nullopt;
  by_ = replaced->by();
  return by_;
}

void Boots::rolled_back() {
  changed_ = true;
  load();
}

void Boots::keep(UtcMs now) {
  const auto current = wall_.current();
  std::optional<std::int64_t> offset;
  if (current.source != clock::Source::none) offset = current.offset.count();
  save_.bind(std::nullopt, clock::to_string(current.source), offset, count_of(current.uncertainty),
             std::chrono::floor<Millis>(clock::boot_now()).count(), count_ms(now));
  save_.bind_blob(1, bytes_of(wall_.boot()));
  save_.run();
  mark(current);
  if (current.source != clock::Source::none) place();
  changed_ = false;
}

/// From when to when this boot's own clock was all there was, and what a better one means for that time.
void Boots::mark(const clock::Offset& current) {
  if (current.source == clock::Source::none) return;
  auto& db = store_.db();
  const auto next = store_.last_change() + 1;
  const auto own = bytes_of(wall_.boot());
  if (current.source == clock::Source::host) {
    db.prepare(
          "update boots set unconfirmed_from = coalesce(unconfirmed_from, ?) where boot_id = cast(? as blob)")
        .bind(next, own)
        .run();
    return;
  }
  // Only once, and with the boots before that nobody has confirmed.
  if (db.scalar("select exists (select 1 from boots where unconfirmed_from is not null "
                "and unconfirmed_to is null)") == 0) {
    return;
  }
  const auto before = correct_before(current);
  db.prepare(
        "update boots set unconfirmed_to = ?, shift_ms = ? where boot_id = cast(? as blob) "
        "and unconfirmed_from is not null and unconfirmed_to is null")
      .bind(next, count_of(by_), own)
      .run();
  series_.shift(by_.value_or(before));
  load();
  if (by_) shift_placed(*by_);
}

/// A boot before, whose clock nobody confirmed, was as wrong as this one's if that went on from it; at least
/// it has ended before this one began. Returns its correction.
Millis Boots::correct_before(const clock::Offset& current) {
  auto& db = store_.db();
  auto last = db.prepare(
      "select boot_id, offset_ms + last_ms from boots where unconfirmed_from is not null "
      "and unconfirmed_to is null and boot_id <> cast(? as blob) order by ordinal desc limit 1");
  last.bind(bytes_of(wall_.boot()));
  Millis shift{0};
  if (last.step()) {
    const Millis end{last.integer(1)};
    const bool went_on = by_ && current.offset - *by_ >= end;  // this boot's wrong clock fitted to that one's
    shift = went_on ? *by_ : std::min(current.offset - end, Millis{0});
  }
  last.reset();
  db.prepare(
        "update boots set shift_ms = nullif(?1, 0), unconfirmed_to = coalesce((select "
        "min(o.unconfirmed_from) "
        "from boots o where o.ordinal > boots.ordinal), ?2) where unconfirmed_from is not null "
        "and unconfirmed_to is null and boot_id <> cast(?3 as blob)")
      .bind(shift.count(), store_.last_change() + 1, bytes_of(wall_.boot()))
      .run();
  return shift;
}

/// Boots that were placed beside this one, and whose frames are not all taken in yet.
void Boots::shift_placed(Millis by) {
  auto moved = store_.db().prepare(
      "update boots set offset_ms = offset_ms + ? where boot_id = cast(? as blob) and source = 'bounds' "
      "and exists (select 1 from held_frames h where h.boot_id = boots.boot_id) returning offset_ms");
  for (const auto& boot : all()) {
    moved.bind(by.count(), bytes_of(boot.id));
    if (!moved.step()) continue;
    auto offset = boot.offset;
    offset.offset = Millis{moved.integer(0)};
    moved.reset();
    wall_.place(boot.id, offset);
  }
}

std::vector<clock::Boot> Boots::all() {
  auto rows = store_.db().prepare(
      "select boot_id, max(last_ms, coalesce((select max(boot_ns) / 1000000 + 1 from held_frames h "
      "where h.boot_id = boots.boot_id), 0)), offset_ms, source, uncertainty_ms from boots order by ordinal");
  std::vector<clock::Boot> boots;
  while (rows.step()) {
    boots.push_back({boot_from(rows.text(0)), offset_at(rows, 2), Millis{rows.integer(1)}});
  }
  return boots;
}

void Boots::place() {
  auto save = store_.db().prepare(
      "update boots set source = 'bounds', offset_ms = ?, uncertainty_ms = ?, last_ms = ? "
      "where boot_id = cast(? as blob)");
  for (const auto& boot : clock::place_between(all(), clock::build_date())) {
    save.bind(boot.offset.offset.count(), count_of(boot.offset.uncertainty),
              std::chrono::ceil<Millis>(boot.last).count(), bytes_of(boot.id))
        .run();
    wall_.place(boot.id, boot.offset);
  }
}

void Boots::alive(BootTime now) {
  if (now - alive_at_ < kAliveEvery) return;
  alive_at_ = now;
  alive_.bind(std::chrono::floor<Millis>(now).count(), bytes_of(wall_.boot())).run();
}

void Boots::move() {
  auto& db = store_.db();
  auto next = db.prepare(
      "select boot_id, unconfirmed_from, unconfirmed_to, shift_ms, source = 'host' from boots "
      "where shift_ms is not null order by ordinal limit 1");
  if (!next.step()) {
    moving_ = false;
    return;
  }
  const auto boot = boot_from(next.text(0));
  // What nobody has confirmed is an estimate still.
  const auto mark = next.integer(4) != 0 ? std::uint32_t{store::kBounded} : 0U;
  const auto moved =
      store_.moves().run({next.integer(1), next.integer(2)}, Millis{next.integer(3)}, mark, kMovedAtOnce);
  if (moved > 0) return;
  next.reset();
  db.prepare("update boots set shift_ms = null where boot_id = cast(? as blob)").bind(bytes_of(boot)).run();
}

}  // namespace lintel::app
