#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/audit.hpp"
#include "schema/tools/program.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
  std::string stanza, config, into;
  std::optional<std::string> at, tombstones, report;
  bool keep = false;
};

double seconds_since(Clock::time_point begun) {
  return std::round(std::chrono::duration<double>(Clock::now() - begun).count() * 10) / 10;
}

/// The server that is made beside the running one, on a socket in its own folder: nobody else can connect.
class Beside {
 public:
  Beside(fs::path folder, std::string programs)
      : folder_(std::move(folder)), programs_(std::move(programs)) {}
  ~Beside() {
    if (!keep_) static_cast<void>(end());
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  [[nodiscard]] fs::path data() const { return folder_ / "data"; }
  void keep() { keep_ = true; }

  Result<void> start(const std::string& options) {
    std::ofstream(folder_ / "hba") << "local all all trust\n";
    std::ofstream(folder_ / "ident") << "";
    // Debian keeps these in /etc, so a backup has none.
    if (!fs::exists(data() / "postgresql.conf")) std::ofstream(data() / "postgresql.conf") << "";
    const auto words = fmt::format(
        "-c listen_addresses='' -c unix_socket_directories='{0}' -c unix_socket_permissions=0700 -c "
        "port=5432 -c archive_mode=off "
        "-c hba_file='{0}/hba' -c ident_file='{0}/ident' -c hot_standby=on -c ssl=off {1}",
        folder_.string(), options);
    started_ = true;
    auto code = run_program({programs_ + "/pg_ctl", "-D", data().string(), "-l", (folder_ / "log").string(),
                             "-w", "-t", "3600", "-s", "-o", words, "start"});
    if (!code) return tl::unexpected(code.error());
    if (*code != 0)
      return fail(ErrorKind::rejected,
                  fmt::format("the restored server does not start: {}", last_complaint()));
    return {};
  }

  /// The last line of its log that says why; the log goes with the folder.
  [[nodiscard]] std::string last_complaint() const {
    std::ifstream in(folder_ / "log");
    std::string last = "its log is empty";
    for (std::string line; std::getline(in, line);) {
      if (line.find("FATAL") != std::string::npos || line.find("PANIC") != std::string::npos) last = line;
    }
    return last;
  }

  Result<void> end() {
    if (started_) {
      auto code =
          run_program({programs_ + "/pg_ctl", "-D", data().string(), "-m", "immediate", "-s", "stop"});
      started_ = false;
      if (!code) return tl::unexpected(code.error());
    }
    std::error_code error;
    fs::remove_all(folder_, error);
    return {};
  }

 private:
  fs::path folder_;
  std::string programs_;
  bool started_ = false, keep_ = false;
};

Result<Plan> plan_of(Call& call) {
  Plan plan;
  const auto stanza = call.option("--stanza"), config = call.option("--config"), into = call.option("--into"),
             at = call.option("--at"), tombstones = call.option("--tombstones"),
             report = call.option("--report");
  for (const auto* said : {&stanza, &config, &into, &at, &tombstones, &report}) {
    if (!*said) return tl::unexpected(said->error());
  }
  if (!*into)
    return fail(ErrorKind::misconfigured, "say into which new folder: lintel-hq drill --into FOLDER");
  plan.stanza = stanza->value_or("lintel");
  plan.config = config->value_or("");
  plan.into = fs::absolute(**into).string();
  // It becomes part of the server's options, and the way of a socket has at most 107 bytes.
  if (plan.into.find_first_of("'\"\\ $`") != std::string::npos || plan.into.size() > 80)
    return fail(ErrorKind::misconfigured,
                "--into: a way of at most 80 characters, without blanks and quotes");
  plan.at = *at, plan.tombstones = *tombstones, plan.report = *report;
  plan.keep = call.flag("--keep");
  return plan;
}

Result<void> restore_backup(const Plan& plan, const fs::path& data) {
  if (!installed("pgbackrest"))
    return fail(ErrorKind::misconfigured,
                "pgbackrest is not installed. On Debian: apt-get install pgbackrest");
  std::vector<std::string> words{"pgbackrest", "--stanza=" + plan.stanza, "--pg1-path=" + data.string(),
                                 "--archive-mode=off"};
  if (!plan.config.empty()) words.push_back("--config=" + plan.config);
  if (plan.at) {
    words.insert(words.end(), {"--type=time", "--target=" + *plan.at, "--target-action=promote"});
  }
  words.emplace_back("restore");
  auto code = run_program(words);
  if (!code) return tl::unexpected(code.error());
  if (*code != 0)
    return fail(
        ErrorKind::rejected,
        fmt::format("pgbackrest could not restore stanza {}: what it said stands above", plan.stanza));
  return {};
}

/// The restored server once it has recovered.
Result<Database> recovered(const std::string& target) {
  auto database = Database::connect(target);
  if (!database) return database;
  while (true) {
    auto going = database->value("select pg_is_in_recovery()");
    if (!going) return tl::unexpected(going.error());
    if (*going == "f") return database;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

Result<void> forget_again(Database& database, const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    return fail(ErrorKind::misconfigured, fmt::format("--tombstones {}: the file cannot be read", file));
  const std::optional<std::string> stones[] = {text.str()};
  while (true) {
    auto left = database.value(
        "select count(*) from private.replay_erasures($1::jsonb) as r where not r.finished", stones);
    if (!left) return tl::unexpected(left.error());
    if (*left == "0") return {};
  }
}

/// What stands in the restored database, beside the running one.
Result<json> compare(Database& running, Database& restored) {
  const auto here = running.run(query("drill_counts.sql")), there = restored.run(query("drill_counts.sql"));
  // Here a table may be missing: that may be why somebody restores.
  if (!there) return tl::unexpected(there.error());
  json tables = json::array();
  for (std::size_t r = 0; r < there->rows.size(); ++r) {
    json row{{"table", there->at(r, "table")},
             {"restored", std::stoll(there->at(r, "rows"))},
             {"running", nullptr}};
    for (std::size_t q = 0; here && q < here->rows.size(); ++q) {
      if (here->at(q, "table") == there->at(r, "table")) row["running"] = std::stoll(here->at(q, "rows"));
    }
    tables.push_back(std::move(row));
  }
  return tables;
}

Result<json> carry_out(const Plan& plan, Database& running, Beside& beside, const Table& settings) {
  const auto begun = Clock::now();
  json report{{"time", now_text()}, {"stanza", plan.stanza}, {"target", plan.at ? json(*plan.at) : json()}};
  if (auto done = restore_backup(plan, beside.data()); !done) return tl::unexpected(done.error());
  report["restored_after_s"] = seconds_since(begun);
  if (auto started = beside.start(settings.at(0, "options")); !started)
    return tl::unexpected(started.error());
  auto user = running.value("select current_user");
  if (!user) return tl::unexpected(user.error());
  auto restored =
      recovered(fmt::format("host={} port=5432 dbname={} user={}", plan.into, running.name(), *user));
  if (!restored) return tl::unexpected(restored.error());
  if (plan.tombstones) {
    if (auto done = forget_again(*restored, *plan.tombstones); !done) return tl::unexpected(done.error());
  }
  report["rto_s"] = seconds_since(begun);
  const std::optional<std::string> until[] = {plan.at ? *plan.at : settings.at(0, "now")};
  const auto point = restored->run(
      "select to_char(pg_last_xact_replay_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') as at, "
      "round(extract(epoch from $1::timestamptz - pg_last_xact_replay_timestamp()), 1) as lost",
      until);
  if (!point) return tl::unexpected(point.error());
  const auto where = to_json(*point)[0];
  report["recovered_to"] = where["at"];
  report["rpo_s"] = where["lost"];
  auto tables = compare(running, *restored);
  if (!tables) return tables;
  report["tables"] = *tables;
  auto findings = findings_of(*restored, "policies");
  if (!findings) return findings;
  report["policies"] = *findings;
  report["sound"] = findings->empty();
  return report;
}

void tell(const json& report, std::ostream& out) {
  out << fmt::format(
      "Restored and answering after {} s (RTO). Recovered to {}", report["rto_s"].get<double>(),
      report["recovered_to"].is_null() ? "the backup itself" : report["recovered_to"].get<std::string>());
  if (report["rpo_s"].is_number())
    out << fmt::format(", {} s before what was asked for (RPO)", report["rpo_s"].get<double>());
  out << ".\n\n";
  Table shown;
  shown.columns = {"table", "restored", "running"};
  for (const auto& row : report["tables"])
    shown.rows.push_back({row["table"].get<std::string>(), row["restored"].dump(),
                          row["running"].is_null() ? std::optional<std::string>() : row["running"].dump()});
  out << to_text(shown) << fmt::format("\nPolicies: {} findings.\n", report["policies"].size());
}

}  // namespace

Outcome drill(Call& call) {
  const auto plan = plan_of(call);
  if (!plan) return tl::unexpected(plan.error());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  auto running = call.connect();
  if (!running) return tl::unexpected(running.error());
  const auto settings = running->run(query("drill_settings.sql"));
  if (!settings) return tl::unexpected(settings.error());
  std::error_code error;
  if (!fs::create_directory(plan->into, error))
    return fail(ErrorKind::misconfigured,
                fmt::format("--into {}: {}", plan->into,
                            error ? error.message() : "it is there already, give a new folder"));
  fs::permissions(plan->into, fs::perms::owner_all);
  Beside beside(plan->into, fmt::format("/usr/lib/postgresql/{}/bin", settings->at(0, "major")));
  fs::create_directory(beside.data());
  fs::permissions(beside.data(), fs::perms::owner_all);
  auto report = carry_out(*plan, *running, beside, *settings);
  if (!report) return tl::unexpected(report.error());
  if (plan->report) {
    std::ofstream out(*plan->report);
    out << report->dump(2) << '\n';
    if (!out.flush())
      return fail(ErrorKind::misconfigured,
                  fmt::format("--report {}: the file cannot be written", *plan->report));
  }
  if (call.json) {
    call.print(*report);
  } else {
    tell(*report, call.out);
  }
  if (plan->keep) {
    beside.keep();
    call.note(
        fmt::format("it goes on running: psql \"host={} dbname={}\"; to end it: pg_ctl -D {} stop, rm -r {}",
                    plan->into, running->name(), beside.data().string(), plan->into));
  }
  return (*report)["sound"].get<bool>() ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::hq
