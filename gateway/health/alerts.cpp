#include "gateway/health/alerts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/store/identity.hpp"

namespace lintel::health {

namespace {

using namespace std::chrono_literals;

constexpr Millis kNobodyLooked = 1min;
constexpr BootTime kFlapsIn = 24h;
constexpr Millis kLongestClear = 4h;
constexpr Millis kKept = std::chrono::days{400};

std::string dedup_key(std::string_view kind, std::string_view key) {
  return fmt::format("{}:{}", kind, key);
}

}  // namespace

void Alerts::forget() {
  known_.clear();
  loaded_ = false;
}

const KindRule* Alerts::rule_of(std::string_view kind) const {
  const auto found =
      std::find_if(kinds_.begin(), kinds_.end(), [&](const KindRule& rule) { return rule.kind == kind; });
  return found == kinds_.end() ? nullptr : &*found;
}

void Alerts::load(store::Database& db, const Now& now) {
  loaded_ = true;
  auto rows = db.prepare(
      "select id, kind, dedup_key, severity, opened_at, state from alerts "
      "where state <> 'resolved' or opened_at > ? order by opened_at");
  rows.bind(count_ms(*now.wall - std::chrono::duration_cast<Millis>(kFlapsIn)));
  while (rows.step()) {
    const auto* rule = rule_of(rows.text(1));
    const auto prefix = std::string(rows.text(1)) + ":";
    if (rule == nullptr || !rows.text(2).starts_with(prefix)) continue;
    auto& known = known_[{rule->kind, std::string(rows.text(2).substr(prefix.size()))}];
    known.rule = rule;
    const Millis age = std::max(*now.wall - utc_ms(rows.integer(4)), Millis{0});
    if (age < kFlapsIn) known.openings.push_back(now.boot - age);
    if (rows.text(5) == "resolved") continue;
    known.row = Row{rows.integer(0), severity_from(rows.text(3)), age};
  }
}

void Alerts::look(store::Database& db, const Judgement& judgement, const Now& now) {
  const Millis passed =
      looked_ ? std::min(std::chrono::duration_cast<Millis>(now.boot - *looked_), kNobodyLooked) : Millis{0};
  looked_ = now.boot;
  if (!now.wall) return;
  if (!loaded_) load(db, now);
  for (auto& [key, known] : known_) known.seen = false;
  for (const auto& [kind, key] : judgement.undecided) {
    for (auto found = known_.lower_bound({kind, key}); found != known_.end(); ++found) {
      if (found->first.first != kind || (!key.empty() && found->first.second != key)) break;
      found->second.seen = true;
    }
  }
  for (const auto& condition : judgement.conditions) {
    const auto* rule = rule_of(condition.kind);
    if (rule == nullptr) continue;
    auto& known = known_[{rule->kind, condition.key}];
    known.rule = rule;
    known.seen = true;
    stands(db, condition, known, passed, now);
  }
  for (auto entry = known_.begin(); entry != known_.end();) {
    auto& known = entry->second;
    if (!known.seen) ends(db, known, passed, now);
    while (!known.openings.empty() && now.boot - known.openings.front() > kFlapsIn)
      known.openings.pop_front();
    const bool over = !known.row && known.openings.empty() && !known.held && !known.seen;
    entry = over ? known_.erase(entry) : std::next(entry);
  }
}

void Alerts::stands(store::Database& db, const AlertCondition& condition, Known& known, Millis passed,
                    const Now& now) {
  known.gone.reset();
  const bool counts = now.open || known.rule->while_closed;
  if (!known.row) {
    if (!counts) return;
    known.held = known.held ? *known.held + passed : Millis{0};
    if (*known.held >= known.rule->open_after) open(db, condition, known, now);
    return;
  }
  auto& row = *known.row;
  if (condition.severity > row.severity) return raise(db, condition, known, now);
  if (!counts) return;
  row.open_for += passed;
  const auto& after = known.rule->escalate_after;
  if (after > 0min && row.open_for >= after && row.severity < Severity::critical) {
    // Whoever acknowledged it knows that it lasts.
    db.prepare("update alerts set severity = 'critical', updated_at = ? where id = ? and state = 'open'")
        .bind(count_ms(*now.wall), row.id)
        .run();
    row.severity = Severity::critical;
  }
}

void Alerts::open(store::Database& db, const AlertCondition& condition, Known& known, const Now& now) {
  const auto ms = count_ms(*now.wall);
  auto insert = db.prepare(
      "insert into alerts (organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key, "
      "severity, message, opened_at, created_at, updated_at) values (1, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "returning id");
  insert.bind(condition.sensor, store::random_uuid(), condition.kind,
              dedup_key(condition.kind, condition.key), to_string(condition.severity), condition.message, ms,
              ms, ms);
  std::int64_t id = 0;
  while (insert.step()) id = insert.integer(0);
  known.row = Row{id, condition.severity, Millis{0}};
  known.openings.push_back(now.boot);
}

/// It has become worse: people who acknowledged what it was do not know.
void Alerts::raise(store::Database& db, const AlertCondition& condition, Known& known, const Now& now) {
  auto& row = *known.row;
  db.prepare(
        "update alerts set severity = ?, message = ?, state = 'open', acknowledged_at = null, "
        "updated_at = ? where id = ?")
      .bind(to_string(condition.severity), condition.message, count_ms(*now.wall), row.id)
      .run();
  row.severity = condition.severity;
}

void Alerts::ends(store::Database& db, Known& known, Millis passed, const Now& now) {
  known.held.reset();
  if (!known.row) return;
  known.gone = known.gone ? *known.gone + passed : Millis{0};
  const auto times = std::max<std::size_t>(known.openings.size(), 1);
  const Millis clear = known.rule->clear_after;
  const Millis wait = std::min(Millis{clear.count() << std::min<std::size_t>(times - 1, 10)},
                               std::max<Millis>(kLongestClear, clear));
  if (*known.gone < wait) return;
  db.prepare(
        "update alerts set state = 'resolved', resolved_at = max(opened_at, ?1), updated_at = ?1 "
        "where id = ?2")
      .bind(count_ms(*now.wall), known.row->id)
      .run();
  known.row.reset();
  known.gone.reset();
}

bool acknowledge(store::Database& db, std::int64_t id, std::string_view by, UtcMs now) {
  auto update = db.prepare(
      "update alerts set state = 'acknowledged', acknowledged_at = ?1, updated_at = ?1, "
      "details = json_set(iif(json_valid(details), details, '{}'), '$.acknowledged_by', ?2) "
      "where id = ?3 and state = 'open' returning id");
  update.bind(count_ms(now), by, id);
  bool done = false;
  while (update.step()) done = true;
  return done;
}

void forget_old_alerts(store::Database& db, UtcMs now) {
  db.prepare(
        "delete from alerts where state = 'resolved' and resolved_at < ? "
        "and id not in (select alert_id from owed_alerts)")
      .bind(count_ms(now - kKept))
      .run();
}

}  // namespace lintel::health
