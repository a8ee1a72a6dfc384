#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/core/nearest.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;

namespace {

constexpr std::string_view kActions[] = {"slow", "bloat", "replication"};

Outcome checks(Call& call, Database& database) {
  const auto found = database.run(query("monitor/checks.sql"));
  if (!found) return tl::unexpected(found.error());
  int critical = 0, warnings = 0, unknown = 0;
  for (std::size_t r = 0; r < found->rows.size(); ++r) {
    const auto& state = found->at(r, "state");
    critical += state == "critical" ? 1 : 0;
    warnings += state == "warning" ? 1 : 0;
    unknown += state == "unknown" ? 1 : 0;
  }
  if (call.json) {
    call.print({{"time", now_text()},
                {"critical", critical},
                {"warnings", warnings},
                {"unknown", unknown},
                {"checks", to_json(*found)}});
  } else {
    Table shown;
    shown.columns = {"state", "check", "what is"};
    for (std::size_t r = 0; r < found->rows.size(); ++r)
      shown.rows.push_back({found->at(r, "state"), found->at(r, "check"), found->at(r, "says")});
    call.out << fmt::format("{} checks: {} critical, {} warnings, {} cannot be told.\n\n", found->rows.size(),
                            critical, warnings, unknown)
             << to_text(shown);
    for (std::size_t r = 0; r < found->rows.size(); ++r) {
      const auto& state = found->at(r, "state");
      if (state != "critical" && state != "warning") continue;
      call.out << fmt::format("\n{}\n", found->at(r, "check")) << wrapped(found->at(r, "advice"), 2);
    }
  }
  return critical + warnings > 0 ? cli::kProblem : cli::kOk;
}

/// Without an extension there is nothing to list, and an empty list would look as if all were well.
Result<void> needs_extension(Database& database, const std::string& name, std::string_view hint) {
  const std::optional<std::string> arguments[] = {name};
  const auto there = database.value("select count(*) from pg_extension where extname = $1", arguments);
  if (!there) return tl::unexpected(there.error());
  if (*there == "1") return {};
  return fail(ErrorKind::misconfigured,
              fmt::format("{} is not installed in this database: {}create extension {};", name, hint, name));
}

void show_sizes(Table& table) {
  for (auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (row[c] && table.columns[c].ends_with("bytes")) row[c] = size_text(std::stoll(*row[c]));
    }
  }
}

Outcome slow(Call& call, Database& database, bool all, long most) {
  if (auto there =
          needs_extension(database, "pg_stat_statements",
                          "put shared_preload_libraries = 'pg_stat_statements' into postgresql.conf "
                          "(schema/backup/postgresql.conf has it), restart, and say once, as a superuser: ");
      !there)
    return tl::unexpected(there.error());
  const std::optional<std::string> arguments[] = {all ? "t" : "f", std::to_string(most)};
  const auto found = database.run(query("monitor/slow.sql"), arguments);
  if (!found) return tl::unexpected(found.error());
  if (call.json) {
    call.print({{"time", now_text()}, {"statements", to_json(*found)}});
    return cli::kOk;
  }
  if (found->rows.empty()) {
    call.out << fmt::format("No statement {}was noted yet.\n", all ? "" : "of people and gateways ");
    return cli::kOk;
  }
  Table shown;
  shown.columns = {"mean ms", "max ms", "calls", "role", "statement"};
  for (std::size_t r = 0; r < found->rows.size(); ++r)
    shown.rows.push_back({found->at(r, "mean_ms"), found->at(r, "max_ms"), found->at(r, "calls"),
                          found->at(r, "role"), found->at(r, "statement")});
  call.out << to_text(shown) << "\n--json shows whole statements.\n";
  return cli::kOk;
}

Outcome bloat(Call& call, Database& database, bool measured, long most) {
  if (measured) {
    if (auto there = needs_extension(database, "pgstattuple", "say once, as a superuser: "); !there)
      return tl::unexpected(there.error());
  }
  const std::optional<std::string> arguments[] = {std::to_string(most)};
  auto found = database.run(query(measured ? "monitor/bloat_measured.sql" : "monitor/bloat.sql"), arguments);
  if (!found) return tl::unexpected(found.error());
  if (call.json) {
    call.print({{"time", now_text()}, {"relations", to_json(*found)}});
    return cli::kOk;
  }
  if (found->rows.empty()) {
    call.out << "Nothing is analyzed yet: analyze;\n";
    return cli::kOk;
  }
  const auto method = found->at(0, "method");
  for (auto& row : found->rows) row.pop_back();
  found->columns.pop_back();
  show_sizes(*found);
  call.out << to_text(*found) << fmt::format("\nWasted room is {}.\n", method);
  return cli::kOk;
}

Outcome replication(Call& call, Database& database) {
  auto found = database.run(query("monitor/replication.sql"));
  if (!found) return tl::unexpected(found.error());
  if (call.json) {
    call.print({{"time", now_text()}, {"replication", to_json(*found)}});
    return cli::kOk;
  }
  show_sizes(*found);
  call.out << (found->rows.empty() ? "There is neither a replica nor a slot.\n" : to_text(*found));
  return cli::kOk;
}

}  // namespace

Outcome health(Call& call) {
  const bool all = call.flag("--all"), measured = call.flag("--measured");
  const auto most = call.number("--most", 20);
  if (!most) return tl::unexpected(most.error());
  const auto action = call.word().value_or("");
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  if (!action.empty() && std::find(std::begin(kActions), std::end(kActions), action) == std::end(kActions))
    return fail(ErrorKind::misconfigured,
                fmt::format("health {}: unknown, {}", action, bridge::suggest(action, kActions)));
  if (all && action != "slow") return fail(ErrorKind::misconfigured, "--all belongs to health slow");
  if (measured && action != "bloat")
    return fail(ErrorKind::misconfigured, "--measured belongs to health bloat");
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  // It looks and changes nothing.
  if (auto begun = database->run("begin read only"); !begun) return tl::unexpected(begun.error());
  if (action == "slow") return slow(call, *database, all, *most);
  if (action == "bloat") return bloat(call, *database, measured, *most);
  if (action == "replication") return replication(call, *database);
  return checks(call, *database);
}

}  // namespace lintel::hq
