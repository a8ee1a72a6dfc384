#include "gateway/health/history.hpp"

#include <algorithm>

namespace lintel::health {

namespace {

std::string_view kind_of(const Verdict& verdict) {
  return verdict.findings.empty() ? std::string_view() : verdict.findings.front().kind;
}

}  // namespace

void History::note(store::Database& db, std::int64_t sensor, const Verdict& verdict, UtcMs at) {
  if (!loaded_) {
    latest_.clear();
    auto rows = db.prepare(
        "select sensor_id, status, kind from sensor_states "
        "where id in (select max(id) from sensor_states group by sensor_id)");
    while (rows.step()) latest_[rows.integer(0)] = {std::string(rows.text(1)), std::string(rows.text(2))};
    loaded_ = true;
  }
  if (verdict.undecided && verdict.status == Status::unknown) return;
  auto& latest = latest_[sensor];
  const auto kind = verdict.status == Status::unknown ? std::string_view() : kind_of(verdict);
  if (latest.first == to_string(verdict.status) && latest.second == kind) return;
  db.prepare("insert into sensor_states (sensor_id, at, status, kind, cause) values (?, ?, ?, ?, ?)")
      .bind(sensor, count_ms(at), to_string(verdict.status), kind, verdict.cause)
      .run();
  db.prepare(
        "delete from sensor_states where sensor_id = ?1 and id <= (select id from sensor_states "
        "where sensor_id = ?1 order by id desc limit 1 offset ?2)")
      .bind(sensor, kMostOfASensor)
      .run();
  latest = {to_string(verdict.status), std::string(kind)};
}

void History::prune(store::Database& db, UtcMs now) {
  db.prepare("delete from sensor_states where at < ?").bind(count_ms(now - kKept)).run();
}

std::vector<StateChange> changes_of(store::Database& db, std::int64_t sensor, int most) {
  std::vector<StateChange> changes;
  auto rows = db.prepare(
      "select at, status, kind, cause from sensor_states where sensor_id = ? order by id desc limit ?");
  rows.bind(sensor, most);
  while (rows.step()) {
    changes.push_back({utc_ms(rows.integer(0)), std::string(rows.text(1)), std::string(rows.text(2)),
                       std::string(rows.text(3))});
  }
  return changes;
}

std::map<std::string, Millis> time_in_states(store::Database& db, std::int64_t sensor, UtcMs from, UtcMs to) {
  std::map<std::string, Millis> spent;
  UtcMs until = to;
  for (const auto& change : changes_of(db, sensor, History::kMostOfASensor)) {
    const UtcMs began = std::clamp(change.at, from, until);
    if (began < until) spent[change.status] += until - began;
    until = began;
    if (until <= from) break;
  }
  return spent;
}

}  // namespace lintel::health
