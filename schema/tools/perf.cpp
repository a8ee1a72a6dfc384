#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;
namespace fs = std::filesystem;

namespace {

struct Options {
  long times = 20, p95 = 50, p99 = 200;
  std::string history;  ///< empty: none is kept
};

std::string default_history() {
  const char* state = std::getenv("XDG_STATE_HOME");  // NOLINT(concurrency-mt-unsafe)
  const char* home = std::getenv("HOME");             // NOLINT(concurrency-mt-unsafe)
  const fs::path folder =
      state != nullptr ? fs::path(state) : fs::path(home != nullptr ? home : "/var/lib") / ".local/state";
  return folder / "lintel-hq/perf.jsonl";
}

double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
  return std::round(sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1] * 10) / 10;
}

/// What a plan does, without its numbers: its nodes, and the tables and indexes they read. Equal shapes,
/// equal plan.
void shape_of(const json& node, std::string& shape, json& scans) {
  shape += node.value("Node Type", "") + "(" + node.value("Index Name", node.value("Relation Name", ""));
  if (node.value("Node Type", "") == "Seq Scan") {
    const auto rows = (node.value("Actual Rows", 0.0) + node.value("Rows Removed by Filter", 0.0)) *
                      node.value("Actual Loops", 1.0);
    scans.push_back({{"table", node.value("Relation Name", "")}, {"rows", static_cast<std::int64_t>(rows)}});
  }
  if (node.contains("Plans")) {
    for (const auto& child : node["Plans"]) shape_of(child, shape, scans);
  }
  shape += ")";
}

/// One query of one reader; its error where it cannot be answered.
Result<json> measure(Database& database, const std::string& name, const std::string& text,
                     const std::string& reader, const Options& options) {
  const std::optional<std::string> asked[] = {text, reader};
  std::vector<double> took;
  json result{{"query", name}};
  // The first turn warms.
  for (long turn = 0; turn <= options.times; ++turn) {
    auto one =
        database.run("select t.ms, t.rows from pg_temp.timed(pg_temp.filled($1, $2::uuid)) as t", asked);
    if (!one) return tl::unexpected(one.error());
    if (turn > 0) took.push_back(std::stod(one->at(0, "ms")));
    result["rows"] = std::max(result.value("rows", std::int64_t{0}),
                              static_cast<std::int64_t>(std::stoll(one->at(0, "rows"))));
  }
  std::sort(took.begin(), took.end());
  result["p50"] = percentile(took, 0.50);
  result["p95"] = percentile(took, 0.95);
  result["p99"] = percentile(took, 0.99);
  auto plan = database.value("select pg_temp.planned(pg_temp.filled($1, $2::uuid))", asked);
  if (!plan) return tl::unexpected(plan.error());
  const auto tree = json::parse(*plan);
  std::string shape;
  json scans = json::array();
  shape_of(tree[0]["Plan"], shape, scans);
  result["scans"] = std::move(scans);
  result["shape"] = shape;
  result["plan"] = tree[0];
  return result;
}

/// The same query asked by the same kind of reader.
std::string key_of(const json& entry) {
  return fmt::format("{} ({})", entry.value("query", ""), entry.value("reader", ""));
}

/// The newest entry of each.
std::map<std::string, json> read_history(const std::string& file) {
  std::map<std::string, json> newest;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    auto entry = json::parse(line, nullptr, false);
    if (entry.is_object() && entry.contains("query"))
      newest.insert_or_assign(fmt::format("{} {}", entry.value("database", ""), key_of(entry)), entry);
  }
  return newest;
}

Result<void> keep(const std::string& file, const json& results, const std::string& database) {
  if (file.empty()) return {};
  std::error_code error;
  fs::create_directories(fs::path(file).parent_path(), error);
  std::ofstream out(file, std::ios::app);
  for (auto entry : results) {
    entry.erase("plan");
    entry["time"] = now_text();
    entry["database"] = database;
    out << entry.dump() << '\n';
  }
  out.flush();
  if (!out)
    return fail(ErrorKind::misconfigured,
                fmt::format("the history cannot be written to {}: give another --history", file));
  return {};
}

Result<json> measure_all(Database& database, const Options& options) {
  for (const auto* part : {"perf/documented.sql", "perf/measure.sql"}) {
    if (auto made = database.run(query(part)); !made) return tl::unexpected(made.error());
  }
  const auto asked = database.run("select name, query from documented_queries");
  const auto readers = database.run(query("perf/readers.sql"));
  if (!asked) return tl::unexpected(asked.error());
  if (!readers) return tl::unexpected(readers.error());
  if (readers->rows.empty())
    return fail(ErrorKind::misconfigured,
                "there is nobody to ask for: no active profile sees a store (data.user_profiles)");
  json results = json::array();
  for (std::size_t r = 0; r < readers->rows.size(); ++r) {
    for (std::size_t q = 0; q < asked->rows.size(); ++q) {
      // Whatever a query does is taken back.
      if (auto begun = database.run("begin"); !begun) return tl::unexpected(begun.error());
      auto result =
          measure(database, asked->at(q, "name"), asked->at(q, "query"), readers->at(r, "id"), options);
      if (auto ended = database.run("rollback"); !ended) return tl::unexpected(ended.error());
      json entry =
          result ? *result : json{{"query", asked->at(q, "name")}, {"error", result.error().message}};
      entry["reader"] = readers->at(r, "reader");
      entry["role"] = readers->at(r, "role");
      entry["stores"] = std::stol(readers->at(r, "stores"));
      results.push_back(std::move(entry));
    }
  }
  return results;
}

/// Within the limits? What was measured before is put beside it.
void judge(json& results, const std::map<std::string, json>& before, const std::string& database,
           const Options& options) {
  for (auto& entry : results) {
    const auto known = before.find(fmt::format("{} {}", database, key_of(entry)));
    entry["within"] = !entry.contains("error") && entry["p95"] <= options.p95 && entry["p99"] <= options.p99;
    entry["p95_before"] =
        known != before.end() && known->second.contains("p95") ? known->second["p95"] : json();
    entry["plan_changed"] = known != before.end() && !entry.contains("error") &&
                            known->second.value("shape", "") != entry["shape"];
  }
}

void tell(const json& results, const Options& options, std::ostream& out) {
  Table shown;
  shown.columns = {"query", "stores", "rows", "p50", "p95", "p99", "before", ""};
  const auto number = [](const json& value) {
    return value.is_null() ? std::optional<std::string>() : fmt::format("{}", value.get<double>());
  };
  for (const auto& entry : results) {
    if (entry.contains("error")) {
      shown.rows.push_back(
          {entry["query"].get<std::string>(), number(entry["stores"]), {}, {}, {}, {}, {}, "error"});
      continue;
    }
    shown.rows.push_back({entry["query"].get<std::string>(), number(entry["stores"]), number(entry["rows"]),
                          number(entry["p50"]), number(entry["p95"]), number(entry["p99"]),
                          number(entry["p95_before"]),
                          std::string(!entry["within"].get<bool>()        ? "slow"
                                      : entry["plan_changed"].get<bool>() ? "new plan"
                                                                          : "ok")});
  }
  out << fmt::format("Milliseconds on the server, each query {} times; limits: p95 {}, p99 {}.\n\n",
                     options.times, options.p95, options.p99)
      << to_text(shown);
  for (const auto& entry : results) {
    if (entry.contains("error"))
      out << wrapped(
          fmt::format("{}: {}", entry["query"].get<std::string>(), entry["error"].get<std::string>()), 0);
  }
}

}  // namespace

Outcome perf(Call& call) {
  Options options;
  const auto times = call.number("--times", options.times), p95 = call.number("--p95", options.p95),
             p99 = call.number("--p99", options.p99);
  for (const auto* number : {&times, &p95, &p99}) {
    if (!*number) return tl::unexpected(number->error());
  }
  options.times = std::max(*times, 1L), options.p95 = *p95, options.p99 = *p99;
  const auto history = call.option("--history");
  if (!history) return tl::unexpected(history.error());
  if (!call.flag("--no-history")) options.history = history->value_or(default_history());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  auto results = measure_all(*database, options);
  if (!results) return tl::unexpected(results.error());
  judge(*results, read_history(options.history), database->name(), options);
  if (auto kept = keep(options.history, *results, database->name()); !kept)
    return tl::unexpected(kept.error());
  if (call.json) {
    call.print({{"time", now_text()},
                {"times", options.times},
                {"limits", {{"p95", options.p95}, {"p99", options.p99}}},
                {"history", options.history.empty() ? json() : json(options.history)},
                {"queries", *results}});
  } else {
    tell(*results, options, call.out);
  }
  const bool within = std::all_of(results->begin(), results->end(),
                                  [](const json& entry) { return entry["within"].get<bool>(); });
  return within ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::hq
