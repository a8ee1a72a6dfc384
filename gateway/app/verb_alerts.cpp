#include <charconv>
#include <ostream>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/moments.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/status/columns.hpp"
#include "gateway/store/sensor_settings.hpp"
#include "gateway/store/store.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;

constexpr std::string_view kOptions[] = {"--config", "--set", "--json", "--all", "--by"};
constexpr int kMostShown = 200;

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

json instant(std::optional<std::int64_t> ms) {
  return ms ? json(format_utc(utc_ms(*ms))) : json(nullptr);
}

json read_alerts(store::Database& db, bool all) {
  auto rows = db.prepare(fmt::format(
      "select a.id, a.kind, a.severity, a.state, a.message, a.opened_at, a.acknowledged_at, a.resolved_at, "
      "a.details, s.name, s.serial from alerts a left join sensor_metadata s on s.id = a.sensor_id {} "
      "order by a.state = 'resolved', a.opened_at desc, a.id desc limit ?",
      all ? "" : "where a.state <> 'resolved'"));
  rows.bind(kMostShown);
  auto alerts = json::array();
  while (rows.step()) {
    const auto by = store::object_from(rows.text(8)).value("acknowledged_by", json(nullptr));
    alerts.push_back({{"id", rows.integer(0)},
                      {"kind", rows.text(1)},
                      {"severity", rows.text(2)},
                      {"state", rows.text(3)},
                      {"message", rows.text(4)},
                      {"opened_at", instant(rows.maybe_integer(5))},
                      {"acknowledged_at", instant(rows.maybe_integer(6))},
                      {"acknowledged_by", rows.is_null(6) ? json(nullptr) : by},
                      {"resolved_at", instant(rows.maybe_integer(7))},
                      {"sensor", rows.is_null(9) ? json(nullptr) : json(rows.text(9))},
                      {"serial", rows.is_null(10) ? json(nullptr) : json(rows.text(10))},
                      {"opened_ms", rows.integer(5)}});
  }
  return alerts;
}

clock::Zone zone_of(store::Database& db) {
  auto row = db.prepare("select timezone from stores where id = 1");
  const auto found = row.step() ? clock::Zone::find(std::string(row.text(0)))
                                : fail(ErrorKind::misconfigured, "there is no store");
  return found ? *found : *clock::Zone::find("UTC");
}

std::string state_of(const json& alert) {
  const auto state = alert.value("state", std::string());
  if (state != "acknowledged" || !alert["acknowledged_by"].is_string()) return state;
  return fmt::format("acknowledged by {}", alert["acknowledged_by"].get<std::string>());
}

void tell(const json& alerts, const clock::Zone& zone, std::ostream& out) {
  for (const auto& alert : alerts) {
    out << fmt::format("{:>5}  {}  {}, {}, {}\n", alert["id"].get<std::int64_t>(),
                       cli::local_text(utc_ms(alert["opened_ms"].get<std::int64_t>()), zone).substr(0, 16),
                       alert["severity"].get<std::string>(), state_of(alert),
                       alert["kind"].get<std::string>());
    out << status::wrapped("       ", status::clean(alert["message"].get<std::string>()));
  }
}

int list(const config::Config& config, bool all, bool as_json, std::ostream& out, std::ostream& err) {
  auto db = cli::open_database(config);
  if (!db) return cli::refuse(db.error(), err);
  try {
    auto alerts = read_alerts(*db, all);
    bool waiting = false;
    for (const auto& alert : alerts) waiting |= alert["state"] == "open";
    if (as_json) {
      for (auto& alert : alerts) alert.erase("opened_ms");
      out << dump(alerts) << '\n';
    } else if (alerts.empty()) {
      out << (all ? "No alert was ever opened.\n" : "No alert is open.\n");
    } else {
      tell(alerts, zone_of(*db), out);
    }
    return waiting ? cli::kProblem : cli::kOk;
  } catch (const store::SqliteError& error) {
    return cli::refuse(
        {ErrorKind::corrupt, fmt::format("cannot read the database {}: {}",
                                         store::database_path(config.state_dir).string(), error.message)},
        err);
  }
}

int acknowledge(const config::Config& config, std::vector<std::string> words, const std::string& by,
                bool as_json, std::ostream& out, std::ostream& err) {
  std::int64_t id = 0;
  const auto text = words.size() == 1 ? words.front() : std::string();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return cli::refuse(
        {ErrorKind::misconfigured, "say which alert by its number, for example: lintel alerts ack 12"}, err);
  }
  const auto answer = carry_out(config, "alerts-ack", {{"id", id}, {"by", by}});
  if (!answer) return cli::refuse(answer.error(), err);
  if (as_json) {
    out << dump(*answer) << '\n';
  } else {
    out << fmt::format("Alert {} is acknowledged by {}: {}\n", id, by,
                       answer->value("message", std::string()));
  }
  return cli::kOk;
}

}  // namespace

int alerts(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  const bool as_json = std::erase(rest, "--json") > 0;
  const bool all = std::erase(rest, "--all") > 0;
  const auto by = take_option(rest, "--by");
  if (!by) return cli::refuse(by.error(), err);
  for (const auto& word : rest) {
    if (word.starts_with("--")) return cli::refuse(cli::unexpected_argument(word, kOptions), err);
  }
  if (!rest.empty() && rest.front() == "ack") {
    return acknowledge(*config, {rest.begin() + 1, rest.end()}, by->value_or(user_name()), as_json, out, err);
  }
  if (rest.empty() || rest == std::vector<std::string>{"list"}) return list(*config, all, as_json, out, err);
  return cli::refuse(
      {ErrorKind::misconfigured, fmt::format("lintel alerts knows list and ack, not {}", rest.front())}, err);
}

}  // namespace lintel::app
