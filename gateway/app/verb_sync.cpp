#include <charconv>
#include <ostream>
#include <thread>

#include <fmt/format.h>

#include "gateway/app/carry_out.hpp"
#include "gateway/app/open_store.hpp"
#include "gateway/app/verb_administration.hpp"
#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/moments.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/status/control.hpp"
#include "gateway/store/store.hpp"
#include "gateway/sync/http.hpp"

namespace lintel::app {

namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::string_view kOptions[] = {"--config", "--set", "--json", "--days"};
constexpr auto kAnswerWithin = 2s;
constexpr auto kVerifyWithin = 60s;
constexpr auto kBetweenLooks = 200ms;
constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kDaysVerified = 14;

struct Context {
  const config::Config& config;
  bool as_json;
  std::ostream& out;
};

json maybe(const std::optional<std::int64_t>& value) {
  return value ? json(*value) : json(nullptr);
}

json days_of(store::Database& db, std::int64_t from) {
  auto days = json::array();
  auto rows = db.prepare("select day, state, checked_at, note from day_checks where day >= ? order by day");
  rows.bind(from);
  while (rows.step()) {
    days.push_back({{"day", format_utc(utc_ms(rows.integer(0) * kDay)).substr(0, 10)},
                    {"state", rows.text(1)},
                    {"checked_at", maybe(rows.maybe_integer(2))},
                    {"note", rows.text(3)}});
  }
  return days;
}

/// What HQ refused, by code and sensor.
json refused_readings(store::Database& db) {
  auto out = json::array();
  auto rows = db.prepare(
      "select a.code, coalesce(s.name, ''), count(*), max(a.message), min(a.at) from set_aside a "
      "left join people_counting_raw l on l.change_no = a.change_no "
      "left join regional_counting_raw r on r.change_no = a.change_no "
      "left join sensor_metadata s on s.id = coalesce(l.sensor_id, r.sensor_id) "
      "group by a.code, s.id order by 3 desc, 1, 2");
  while (rows.step()) {
    out.push_back({{"code", rows.text(0)},
                   {"sensor", rows.text(1)},
                   {"readings", rows.integer(2)},
                   {"message", rows.text(3)},
                   {"since", rows.integer(4)}});
  }
  return out;
}

/// What the database says of sync, and the daemon where it runs.
json look(store::Database& db, const config::Config& config) {
  auto row = db.prepare(
      "select s.watermark, w.next_change_no - 1, s.last_attempt_at, s.last_success_at, s.last_error, "
      "s.failures, s.refused_retried_at, s.hq_schema "
      "from sync_state s, writer_state w");
  (void)row.step();
  const auto watermark = row.integer(0);
  json answer{{"url", config.hq_url.empty() ? json(nullptr) : json(sync::shown_url(config.hq_url))},
              {"confirmed", watermark},
              {"last_change", row.integer(1)},
              {"owed", row.integer(1) - watermark},
              {"last_attempt", maybe(row.maybe_integer(2))},
              {"last_success", maybe(row.maybe_integer(3))},
              {"error", row.text(4)},
              {"failures", row.integer(5)},
              {"refused_retried", maybe(row.maybe_integer(6))},
              {"hq_schema", row.text(7)},
              {"refused", refused_readings(db)}};
  auto oldest = db.prepare(
      "select received_at from people_counting_raw where change_no > ? order by change_no limit 1");
  oldest.bind(watermark);
  answer["owed_since"] = oldest.step() ? json(oldest.integer(0)) : json(nullptr);
  answer["days_differ"] = db.scalar("select count(*) from day_checks where state = 'differs'");
  answer["days_equal"] = db.scalar("select count(*) from day_checks where state = 'equal'");
  const auto facts = status::ask(status::control_path(config.state_dir), {{"verb", "status"}}, kAnswerWithin);
  answer["running"] = facts.has_value();
  answer["hq"] = facts ? facts->value("hq", json(nullptr)) : json(nullptr);
  return answer;
}

std::string ago(const json& ms, UtcMs now) {
  if (ms.is_null()) return "never";
  const auto seconds = std::max<std::int64_t>(0, (count_ms(now) - ms.get<std::int64_t>()) / 1000);
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 7200) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / 86'400);
}

void print_status(const json& answer, std::ostream& out) {
  const auto now = machine_now();
  const auto text = [](const json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  if (answer["url"].is_null()) {
    out << "No [hq] url is set: readings are kept here and sent nowhere.\n";
  } else {
    out << fmt::format("HQ        {}\n", text(answer["url"]));
  }
  const auto& hq = answer["hq"];
  out << fmt::format(
      "owed      {} changes{}{}; {} confirmed\n", answer["owed"].get<std::int64_t>(),
      answer["owed_since"].is_null() ? "" : ", the oldest from " + ago(answer["owed_since"], now),
      hq.is_object() && hq.value("present", false) ? ", the newest are there already" : "",
      answer["confirmed"].get<std::int64_t>());
  out << fmt::format("contact   {}\n", ago(answer["last_success"], now));
  if (!text(answer["error"]).empty()) {
    out << fmt::format("trouble   {} ({} failed in a row, the last {})\n", text(answer["error"]),
                       answer["failures"].get<std::int64_t>(), ago(answer["last_attempt"], now));
  }
  if (hq.is_object()) {
    const auto advice = hq.value("advice", json(nullptr));
    if (!text(advice).empty()) out << fmt::format("advice    {}\n", text(advice));
    const auto next = hq.value("next_try", json(nullptr));
    if (!text(next).empty()) out << fmt::format("next try  {}\n", text(next));
    out << fmt::format("wire      {} bytes sent, {} received since the start\n", hq.value("bytes_sent", 0ULL),
                       hq.value("bytes_received", 0ULL));
  }
  if (hq.is_object() && !text(hq.value("contract_note", json(nullptr))).empty()) {
    out << fmt::format("contract  {}\n", text(hq["contract_note"]));
  }
  if (!answer["running"].get<bool>()) out << "The gateway is not running: nothing is sent.\n";
  for (const auto& refused : answer["refused"]) {
    out << fmt::format("refused   {} readings of {}, {}: {}\n", refused["readings"].get<std::int64_t>(),
                       text(refused["sensor"]).empty() ? "a sensor that is gone" : text(refused["sensor"]),
                       text(refused["code"]), text(refused["message"]));
  }
  if (!answer["refused"].empty()) {
    out << fmt::format(
        "          kept here; sent once more when HQ's rules change, or by `lintel sync retry`; last retried "
        "{}\n",
        ago(answer["refused_retried"], now));
  }
  out << fmt::format("compared  {} days are equal at both ends, {} differ{}\n",
                     answer["days_equal"].get<std::int64_t>(), answer["days_differ"].get<std::int64_t>(),
                     answer["days_differ"] == 0 ? "" : ": see `lintel sync verify`");
}

bool in_order(const json& answer) {
  return answer["error"].get<std::string>().empty() && answer["refused"].empty() &&
         answer["days_differ"] == 0;
}

Result<int> show(const Context& context) {
  auto db = cli::open_database(context.config);
  if (!db) return tl::unexpected(db.error());
  const auto answer = look(*db, context.config);
  if (context.as_json) {
    context.out << answer.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
  } else {
    print_status(answer, context.out);
  }
  return in_order(answer) ? cli::kOk : cli::kProblem;
}

/// `misconfigured` becomes what it means here: nothing is sent while nobody runs.
Result<void> wake(const config::Config& config) {
  if (config.hq_url.empty()) {
    return fail(ErrorKind::misconfigured, "no [hq] url is set: readings are kept here and sent nowhere");
  }
  const auto answer =
      status::ask(status::control_path(config.state_dir), {{"verb", "sync-now"}}, kAnswerWithin);
  if (answer) return {};
  if (answer.error().kind != ErrorKind::misconfigured) return tl::unexpected(answer.error());
  return fail(ErrorKind::rejected, "the gateway is not running: only a running gateway speaks to HQ");
}

Result<int> now(const Context& context) {
  if (auto woken = wake(context.config); !woken) return tl::unexpected(woken.error());
  if (context.as_json) {
    context.out << "{}\n";
  } else {
    context.out << "Trying now; `lintel sync` says what comes of it.\n";
  }
  return cli::kOk;
}

Result<int> retry(const Context& context) {
  const auto answer = carry_out(context.config, "sync-retry", json::object());
  if (!answer) return tl::unexpected(answer.error());
  (void)wake(context.config);
  if (context.as_json) {
    context.out << answer->dump(2) << '\n';
  } else {
    context.out << fmt::format("{} readings that HQ had refused are owed again.\n",
                               answer->value("readings", std::int64_t{0}));
  }
  return cli::kOk;
}

/// Wakes sync until no day is owed any more; each of its requests compares one.
Result<void> wait_for_days(const config::Config& config, store::Database& db, std::int64_t from) {
  const auto until = std::chrono::steady_clock::now() + kVerifyWithin;
  auto owed = db.prepare("select count(*) from day_checks where state = 'owed' and day >= ? and day < ?");
  while (true) {
    owed.bind(from, count_ms(machine_now()) / kDay);
    (void)owed.step();
    const auto days = owed.integer(0);
    owed.reset();
    if (days == 0) return {};
    if (std::chrono::steady_clock::now() > until) {
      return fail(
          ErrorKind::transient,
          fmt::format("{} days are not compared yet: HQ does not answer, or much is owed; see `lintel sync`. "
                      "It goes on in the background",
                      days));
    }
    if (auto woken = wake(config); !woken) return woken;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

Result<int> verify(const Context& context, std::int64_t days) {
  const auto from = count_ms(machine_now()) / kDay - days;
  if (auto woken = wake(context.config); !woken) return tl::unexpected(woken.error());
  const auto owed = carry_out(context.config, "sync-verify", {{"from", from}});
  if (!owed) return tl::unexpected(owed.error());
  auto db = cli::open_database(context.config);
  if (!db) return tl::unexpected(db.error());
  const auto done = wait_for_days(context.config, *db, from);
  const auto compared = days_of(*db, from);
  bool equal = true;
  for (const auto& day : compared) equal &= day["state"] != "differs";
  if (context.as_json) {
    context.out << compared.dump(2) << '\n';
  } else {
    context.out << fmt::format("{:<12} {:<8} {}\n", "DAY (UTC)", "STATE", "");
    for (const auto& day : compared) {
      context.out << fmt::format("{:<12} {:<8} {}\n", day["day"].get<std::string>(),
                                 day["state"].get<std::string>(), day["note"].get<std::string>());
    }
    context.out << "A day that is not over, or has no confirmed reading, is compared later.\n";
  }
  if (!done) return tl::unexpected(done.error());
  return equal ? cli::kOk : cli::kProblem;
}

Result<std::int64_t> days_from(const std::optional<std::string>& word) {
  if (!word) return kDaysVerified;
  std::int64_t days = 0;
  const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), days);
  if (error == std::errc() && end == word->data() + word->size() && days > 0 && days <= 3660) return days;
  return fail(ErrorKind::misconfigured, fmt::format("--days {}: expected a number from 1 to 3660", *word));
}

Result<int> run(const config::Config& config, std::vector<std::string> rest, std::ostream& out) {
  const Context context{config, std::erase(rest, "--json") > 0, out};
  const auto word = take_option(rest, "--days");
  if (!word) return tl::unexpected(word.error());
  const auto days = days_from(*word);
  if (!days) return tl::unexpected(days.error());
  for (const auto& argument : rest) {
    if (argument.starts_with("--")) return tl::unexpected(cli::unexpected_argument(argument, kOptions));
  }
  if (rest.empty() || rest == std::vector<std::string>{"status"}) return show(context);
  if (rest == std::vector<std::string>{"now"}) return now(context);
  if (rest == std::vector<std::string>{"retry"}) return retry(context);
  if (rest == std::vector<std::string>{"verify"}) return verify(context, *days);
  return fail(ErrorKind::misconfigured,
              fmt::format("lintel sync knows status, now, verify and retry, not {}", fmt::join(rest, " ")));
}

}  // namespace

int sync_verb(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> rest(args.begin(), args.end());
  const auto config = cli::configuration(rest, err);
  if (!config) return cli::refuse(config.error(), err);
  try {
    const auto code = run(*config, std::move(rest), out);
    return code ? *code : cli::refuse(code.error(), err);
  } catch (const store::SqliteError& error) {
    return cli::refuse(
        {ErrorKind::corrupt, fmt::format("cannot read the database {}: {}",
                                         store::database_path(config->state_dir).string(), error.message)},
        err);
  }
}

}  // namespace lintel::app
