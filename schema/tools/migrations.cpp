#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <sqlite3.h>

#include "firmware-bridge/core/embedded.hpp"
#include "schema/tools/audit.hpp"
#include "schema/tools/call.hpp"

namespace lintel::hq {
namespace fs = std::filesystem;
namespace {

std::optional<std::string> text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A line of sqitch.plan: "name [requires …] date who # note".
struct Planned {
  std::string name, requires_;
};
std::optional<Planned> planned_of(const std::string& line) {
  if (line.empty() || line.front() == '%' || line.front() == '#' || line.front() == '@') return std::nullopt;
  const auto end = line.find_first_of(" \t");
  Planned change{line.substr(0, end), {}};
  const auto open = line.find(" ["), note = line.find(" #");
  if (open != std::string::npos && open < note)
    change.requires_ = line.substr(open + 2, line.find(']', open) - open - 2);
  return change;
}

Result<void> load_plan(Database& database, const fs::path& folder) {
  if (auto made = database.run("create temporary table planned (position integer primary key, name text not "
                               "null, requires text[] not null, "
                               "deploy text, revert text, verify text)");
      !made)
    return tl::unexpected(made.error());
  std::ifstream plan(folder / "sqitch.plan");
  if (!plan)
    return fail(ErrorKind::misconfigured,
                fmt::format("{} cannot be read", (folder / "sqitch.plan").string()));
  int position = 0;
  for (std::string line; std::getline(plan, line);) {
    const auto change = planned_of(line);
    if (!change) continue;
    const auto script = change->name + ".sql";
    const std::optional<std::string> values[] = {std::to_string(++position),
                                                 change->name,
                                                 change->requires_,
                                                 text_of(folder / "deploy" / script),
                                                 text_of(folder / "revert" / script),
                                                 text_of(folder / "verify" / script)};
    if (auto put = database.run("insert into planned values ($1::integer, $2, "
                                "array_remove(string_to_array($3, ' '), ''), $4, $5, $6)",
                                values);
        !put)
      return tl::unexpected(put.error());
  }
  return {};
}

struct Close {
  void operator()(sqlite3* file) const { sqlite3_close(file); }
};

/// The rows of a question to SQLite, into a temporary table of PostgreSQL with as many columns.
Result<void> carry_over(Database& database, sqlite3* file, const char* question, const std::string& insert) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(file, question, -1, &raw, nullptr) != SQLITE_OK)
    return fail(ErrorKind::corrupt, fmt::format("the gateway's schema: {}", sqlite3_errmsg(file)));
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  while (sqlite3_step(raw) == SQLITE_ROW) {
    std::vector<std::optional<std::string>> values;
    for (int c = 0; c < sqlite3_column_count(raw); ++c) {
      const auto* text = sqlite3_column_text(raw, c);
      values.push_back(text == nullptr ? std::optional<std::string>()
                                       : std::string(reinterpret_cast<const char*>(text),
                                                     static_cast<std::size_t>(sqlite3_column_bytes(raw, c))));
    }
    if (auto put = database.run(insert, values); !put) return tl::unexpected(put.error());
  }
  return {};
}

Result<void> load_sqlite(Database& database) {
  sqlite3* raw = nullptr;
  sqlite3_open(":memory:", &raw);
  const std::unique_ptr<sqlite3, Close> file(raw);
  for (const auto& step : embedded::sqlite_migrations()) {
    if (sqlite3_exec(raw, std::string(step.bytes).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      return fail(ErrorKind::corrupt, fmt::format("{}: {}", step.path, sqlite3_errmsg(raw)));
  }
  if (auto made = database.run(query("parity/gateway.sql")); !made) return tl::unexpected(made.error());
  if (auto columns =
          carry_over(database, raw,
                     "select t.name, x.name, x.type, x.\"notnull\", x.pk > 0, x.hidden in (2, 3) "
                     "from pragma_table_list t join pragma_table_xinfo(t.name) x "
                     "where t.schema = 'main' and t.name not like 'sqlite_%'",
                     "insert into sqlite_columns values ($1, $2, $3, $4::boolean, $5::boolean, $6::boolean)");
      !columns)
    return columns;
  return carry_over(database, raw,
                    "select name, type, sql from sqlite_master where type in ('table', 'view') and name not "
                    "like 'sqlite_%'",
                    "insert into sqlite_tables values ($1, $2, $3)");
}

}  // namespace

Result<void> prepare_migrations(Database& database, const fs::path& folder) {
  if (auto loaded = load_plan(database, folder); !loaded) return loaded;
  if (auto loaded = load_sqlite(database); !loaded) return loaded;
  for (const auto* part : {"parity/compare.sql", "parity/explained.sql", "prepare/migrations.sql"}) {
    if (auto made = database.run(query(part)); !made) return tl::unexpected(made.error());
  }
  return {};
}

}  // namespace lintel::hq
