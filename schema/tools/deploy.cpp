#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "schema/tools/sqitch.hpp"
#include "schema/tools/verbs.hpp"

namespace lintel::hq {
namespace {

Result<std::string> deployed(Database& database) {
  auto there = database.value("select to_regclass('sqitch.changes') is not null");
  if (!there) return there;
  if (*there != "t") return std::string("0");
  return database.value("select count(*) from sqitch.changes where project = 'lintel'");
}

}  // namespace

Outcome deploy(Call& call) {
  const auto said = call.option("--schema");
  if (!said) return tl::unexpected(said.error());
  const bool log_only = call.flag("--log-only");
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  const auto folder = schema_folder(said->value_or(""));
  if (!folder) return tl::unexpected(folder.error());
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  const auto before = deployed(*database);
  if (!before) return tl::unexpected(before.error());
  std::vector<std::string> words{"deploy", "--verify", "--mode", "change"};
  if (log_only) words.emplace_back("--log-only");
  const auto code = sqitch(*database, *folder, words);
  if (!code) return tl::unexpected(code.error());
  const auto after = deployed(*database);
  if (!after) return tl::unexpected(after.error());
  if (call.json) {
    call.print({{"database", database->name()},
                {"schema", folder->string()},
                {"changes_before", std::stol(*before)},
                {"changes_after", std::stol(*after)},
                {"complete", *code == 0}});
  } else {
    call.out << fmt::format("{} changes were deployed before, {} are now.\n", *before, *after);
  }
  if (*code != 0) {
    return fail(
        ErrorKind::rejected,
        "sqitch ended with an error, above: the change that failed was reverted, the ones before it stay");
  }
  return cli::kOk;
}

Outcome verify(Call& call) {
  const auto said = call.option("--schema");
  if (!said) return tl::unexpected(said.error());
  if (auto done = call.done(); !done) return tl::unexpected(done.error());
  const auto folder = schema_folder(said->value_or(""));
  if (!folder) return tl::unexpected(folder.error());
  auto database = call.connect();
  if (!database) return tl::unexpected(database.error());
  const auto changes = deployed(*database);
  if (!changes) return tl::unexpected(changes.error());
  if (*changes == "0") {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("nothing of the schema is deployed in database {}: lintel-hq deploy", database->name()));
  }
  const auto code = sqitch(*database, *folder, {"verify"});
  if (!code) return tl::unexpected(code.error());
  if (call.json) {
    call.print({{"database", database->name()},
                {"schema", folder->string()},
                {"changes", std::stol(*changes)},
                {"verified", *code == 0}});
  } else if (*code == 0) {
    call.out << fmt::format("All {} changes are deployed as the plan says.\n", *changes);
  }
  return *code == 0 ? cli::kOk : cli::kProblem;
}

}  // namespace lintel::hq
