#include "schema/tools/audit.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "firmware-bridge/core/nearest.hpp"
#include "schema/tools/sqitch.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {

using nlohmann::json;

namespace {

constexpr std::string_view kAudits[] = {"indexes", "policies", "data", "migrations"};

struct Accepted {
  std::string check;   ///< "indexes/unused"
  std::string object;  ///< as the finding names it
  std::string reason;
};

struct Options {
  std::vector<std::string> audits;
  std::vector<std::string> only;
  std::vector<Accepted> accepted;
  long min_rows = 10000, min_bytes = 1L << 20, days = 7;
  std::string schema;
};

/// "indexes/unused data.stores_name needed once a year": check, object, reason; # begins a comment.
Result<std::vector<Accepted>> read_accepted(const std::string& file) {
  std::vector<Accepted> accepted;
  std::ifstream in(file);
  if (!in) return fail(ErrorKind::misconfigured, fmt::format("--accepted {}: the file cannot be read", file));
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    Accepted entry;
    std::string rest;
    words >> entry.check >> entry.object;
    std::getline(words >> std::ws, entry.reason);
    if (entry.reason.empty()) {
      return fail(ErrorKind::misconfigured, fmt::format("{}:{}: a line is CHECK OBJECT REASON, for example: "
                                                        "indexes/unused data.stores_name needed once a year",
                                                        file, number));
    }
    accepted.push_back(std::move(entry));
  }
  return accepted;
}

Result<Options> options_of(Call& call) {
  Options options;
  while (true) {
    auto name = call.option("--check");
    if (!name) return tl::unexpected(name.error());
    if (!*name) break;
    options.only.push_back(**name);
  }
  const auto accepted = call.option("--accepted"), schema = call.option("--schema");
  if (!accepted) return tl::unexpected(accepted.error());
  if (!schema) return tl::unexpected(schema.error());
  options.schema = schema->value_or("");
  if (*accepted) {
    auto list = read_accepted(**accepted);
    if (!list) return tl::unexpected(list.error());
    options.accepted = std::move(*list);
  }
  const auto rows = call.number("--min-rows", options.min_rows),
             bytes = call.number("--min-bytes", options.min_bytes),
             days = call.number("--days", options.days);
  for (const auto* number : {&rows, &bytes, &days}) {
    if (!*number) return tl::unexpected(number->error());
  }
  options.min_rows = *rows, options.min_bytes = *bytes, options.days = *days;
  while (auto word = call.word()) {
    if (std::find(std::begin(kAudits), std::end(kAudits), *word) == std::end(kAudits))
      return fail(ErrorKind::misconfigured,
                  fmt::format("audit {}: unknown, {}", *word, bridge::suggest(*word, kAudits)));
    options.audits.push_back(*word);
  }
  if (options.audits.empty()) options.audits.assign(std::begin(kAudits), std::end(kAudits));
  return options;
}

Result<void> check_names(const Options& options) {
  std::vector<std::string> owned;
  for (const auto audit : kAudits) {
    for (const auto& check : queries(fmt::format("audit/{}", audit)))
      owned.push_back(fmt::format("{}/{}", audit, check.name));
  }
  const std::vector<std::string_view> names(owned.begin(), owned.end());
  const auto known = [&](const std::string& name, std::string_view where) -> Result<void> {
    if (std::find(names.begin(), names.end(), name) != names.end()) return {};
    return fail(ErrorKind::misconfigured,
                fmt::format("{} {}: no such check, {}", where, name, bridge::suggest(name, names)));
  };
  for (const auto& name : options.only) {
    if (auto good = known(name, "--check"); !good) return good;
  }
  for (const auto& entry : options.accepted) {
    if (auto good = known(entry.check, "--accepted:"); !good) return good;
  }
  return {};
}

/// Findings of one check, reading only and not for ever. One that cannot be carried out is a finding itself.
Result<json> findings_of(Database& database, const std::string& name, std::string_view text,
                         const Options& options) {
  auto begun = database.run(fmt::format(
      "begin; set transaction read only; set local statement_timeout = '5min'; set local search_path = "
      "pg_catalog, pg_temp; "
      "set local lintel.min_rows = {}; set local lintel.min_bytes = {}; set local lintel.days = {}",
      options.min_rows, options.min_bytes, options.days));
  if (!begun) return tl::unexpected(begun.error());
  const auto found = database.run(text);
  auto ended = database.run("rollback");
  if (!ended) return tl::unexpected(ended.error());
  json findings = json::array();
  if (!found) {
    findings.push_back({{"object", "the check itself"},
                        {"evidence", "it could not be carried out: " + found.error().message},
                        {"bytes", nullptr},
                        {"advice", "Look at the error; nothing is known of what this check is for."}});
  } else {
    findings = to_json(*found);
  }
  for (auto& finding : findings) finding["check"] = name;
  return findings;
}

void tell(const json& finding, std::ostream& out) {
  const auto bytes = finding["bytes"].is_number()
                         ? fmt::format("  {}", size_text(finding["bytes"].get<std::int64_t>()))
                         : "";
  out << wrapped(fmt::format("{}  {}{}", finding["check"].get<std::string>(),
                             finding["object"].get<std::string>(), bytes),
                 0)
      << wrapped(finding["evidence"].get<std::string>(), 2)
      << wrapped("-> " + finding["advice"].get<std::string>(), 2) << '\n';
}

Result<void> prepare(const Call& call, Database& database, std::string_view audit, const Options& options) {
  if (audit == "migrations") {
    const auto folder = schema_folder(options.schema);
    if (!folder) return tl::unexpected(folder.error());
    return prepare_migrations(database, *folder);
  }
  if (audit == "indexes") {
    const auto notes = database.run(query("prepare/indexes.sql"));
    if (!notes) return tl::unexpected(notes.error());
    for (const auto& row : notes->rows) call.note(row[0].value_or(""));
  }
  return {};
}

}  // namespace

Result<json> findings_of(Database& database, std::string_view audit) {
  json findings = json::array();
  for (const auto& check : queries(fmt::format("audit/{}", audit))) {
    auto found = findings_of(database, fmt::format("{}/{}", audit, check.name), check.text, Options());
    if (!found) return found;
    findings.insert(findings.end(), found->begin(), found->end());
  }
  return findings;
}

Outcome audit(Call& call) {
  const auto options = options_of(call);
  if (!options) return tl::unexpected(options.error());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  if (auto good = check_names(*options); !good) return tl::unexpected(good.error());
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  json findings = json::array(), accepted = json::array(), checks = json::array();
  for (const auto& name : options->audits) {
    bool prepared = false;
    for (const auto& check : queries(fmt::format("audit/{}", name))) {
      const auto full = fmt::format("{}/{}", name, check.name);
      if (!options->only.empty() &&
          std::find(options->only.begin(), options->only.end(), full) == options->only.end())
        continue;
      if (!prepared) {
        if (auto made = prepare(call, *database, name, *options); !made) return tl::unexpected(made.error());
        prepared = true;
      }
      checks.push_back(full);
      auto found = findings_of(*database, full, check.text, *options);
      if (!found) return tl::unexpected(found.error());
      for (auto& finding : *found) {
        const auto known = std::find_if(
            options->accepted.begin(), options->accepted.end(),
            [&](const Accepted& entry) { return entry.check == full && entry.object == finding["object"]; });
        if (known != options->accepted.end()) {
          finding["reason"] = known->reason;
          accepted.push_back(std::move(finding));
          continue;
        }
        if (!call.json) tell(finding, call.out);
        findings.push_back(std::move(finding));
      }
    }
  }
  const auto count = findings.size();
  if (call.json) {
    call.print({{"time", now_text()},
                {"checks", std::move(checks)},
                {"findings", std::move(findings)},
                {"accepted", std::move(accepted)}});
  } else {
    call.out << fmt::format("{} checks, {} finding{}{}.\n", checks.size(), count, count == 1 ? "" : "s",
                            accepted.empty() ? "" : fmt::format(", {} accepted", accepted.size()));
  }
  return count == 0 ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::hq
