#include "gateway/sync/alerts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

constexpr std::size_t kMostAlerts = 100;  // HQ takes 200
constexpr std::size_t kAlertFrame = 200;
constexpr Millis kToldAnew = std::chrono::days{30};

}  // namespace

std::size_t width_of(const OwedAlerts& owed) {
  std::size_t bytes = owed.empty() ? 0 : 16;
  // A character takes six bytes at most, as \u001f.
  for (const auto& alert : owed.items)
    bytes += kAlertFrame + 6 * (alert.kind.size() + alert.key.size() + alert.message.size());
  return bytes;
}

AlertReader::AlertReader(store::Database& reader)
    : select_(reader.prepare(
          "select o.revision, a.id, a.sensor_id, a.kind, a.dedup_key, a.severity, a.message, "
          "a.opened_at, iif(a.state = 'resolved', coalesce(a.resolved_at, a.updated_at), null) "
          "from owed_alerts o join alerts a on a.id = o.alert_id "
          "where o.revision > ? order by o.revision limit ?")) {}

OwedAlerts AlertReader::owed(std::int64_t told) {
  select_.bind(told, std::uint64_t{kMostAlerts + 1});
  return read_owed<OwedAlert>(select_, kMostAlerts, [](auto& alerts, const store::Statement& row) {
    alerts.push_back({row.integer(1), row.integer(0), row.maybe_integer(2), std::string(row.text(3)),
                      std::string(row.text(4)), std::string(row.text(5)), std::string(row.text(6)),
                      row.integer(7), row.maybe_integer(8)});
  });
}

void append_alerts(std::string& out, const OwedAlerts& owed,
                   const std::function<const std::string&(std::int64_t sensor)>& id) {
  if (owed.empty()) return;
  out += ",\"alerts\":";
  char separator = '[';
  for (const auto& alert : owed.items) {
    out += separator;
    separator = ',';
    out += "{\"sensor\":" + (alert.sensor ? id(*alert.sensor) : std::string("null"));
    append_member(out, "kind", alert.kind);
    append_member(out, "key", alert.key);
    append_member(out, "severity", alert.severity);
    append_member(out, "state", alert.resolved_at ? "resolved" : "open");
    append_member(out, "message", alert.message);
    fmt::format_to(std::back_inserter(out), ",\"opened_at\":{},\"resolved_at\":{}}}", alert.opened_at,
                   alert.resolved_at ? std::to_string(*alert.resolved_at) : "null");
  }
  out += ']';
}

AlertVerdict judge_alerts(const OwedAlerts& told, const std::vector<AlertRefusal>& refused) {
  AlertVerdict out;
  std::size_t never = 0;
  for (std::size_t n = 0; n < told.items.size(); ++n) {
    const auto& alert = told.items[n];
    const auto found = std::find_if(refused.begin(), refused.end(),
                                    [&](const AlertRefusal& each) { return each.position == n; });
    if (found != refused.end() && (found->code == "try_again" || found->code == "too_many")) {
      out.again = true;
      continue;
    }
    out.done.emplace_back(alert.id, alert.revision);
    if (found == refused.end()) continue;
    if (++never == 1) out.refused = fmt::format("\"{}\": {}", alert.message, found->message);
  }
  if (never > 1) out.refused = fmt::format("{} of {}, first {}", never, told.items.size(), out.refused);
  return out;
}

void keep_alerts(store::Database& writer, const AlertVerdict& verdict) {
  auto done = writer.prepare("delete from owed_alerts where alert_id = ? and revision = ?");
  for (const auto& [id, revision] : verdict.done) done.bind(id, revision).run();
  writer.prepare("update sync_state set alerts_refused = nullif(?, '') where id = 1")
      .bind(verdict.refused)
      .run();
}

void owe_all_alerts(store::Database& writer, UtcMs now) {
  writer
      .prepare(
          "insert or replace into owed_alerts (alert_id) select id from alerts_for_hq "
          "where state <> 'resolved' or coalesce(resolved_at, updated_at) > ? order by id")
      .bind(count_ms(now - kToldAnew))
      .run();
}

}  // namespace lintel::sync
