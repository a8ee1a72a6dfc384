#include "gateway/cli/db.hpp"

#include <unistd.h>

#include <memory>
#include <ostream>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/configuration.hpp"
#include "gateway/cli/database.hpp"
#include "gateway/cli/new_file.hpp"
#include "gateway/cli/outcome.hpp"
#include "gateway/status/columns.hpp"
#include "gateway/store/store.hpp"
#include "gateway/support/parts.hpp"
#include "gateway/support/query.hpp"

namespace lintel::cli {

namespace {

using nlohmann::json;
using store::Database;

constexpr std::string_view kOptions[] = {"--config", "--set", "--json"};
constexpr int kMostDamage = 100;

struct Asked {
  const config::Config& config;
  Database& db;
  bool as_json;
  std::ostream& out;
  std::ostream& err;
};

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string number(const json& value) {
  return value.is_number_integer() ? fmt::format("{}", value.get<std::int64_t>()) : "?";
}

// What is in it ------------------------------------------------------------------------------------

json instant(Database& db, const char* sql) {
  auto row = db.prepare(sql);
  const auto ms = row.step() ? row.maybe_integer(0) : std::nullopt;
  return ms ? json(format_utc(utc_ms(*ms))) : json(nullptr);
}

int info(const Asked& asked) {
  auto& db = asked.db;
  const auto file = store::database_path(asked.config.state_dir);
  std::error_code none;
  auto found = support::describe_database(db);
  found["file"] = file.string();
  found["bytes"] = std::filesystem::file_size(file, none);
  found["first_reading"] = instant(db, "select min(started_at) from people_counting_raw");
  found["last_reading"] = instant(db, "select max(started_at) from people_counting_raw");
  if (asked.as_json) {
    asked.out << dump(found);
    return kOk;
  }
  asked.out << fmt::format("{}, {:.1f} MB ({} of {} pages are free)\nschema version {}, SQLite {}\n",
                           file.string(), static_cast<double>(found["bytes"].get<std::uint64_t>()) / 1e6,
                           number(found["free_pages"]), number(found["pages"]),
                           number(found["schema_version"]), found["sqlite"].get<std::string>());
  if (found["first_reading"].is_string()) {
    asked.out << fmt::format("readings from {} to {}\n", found["first_reading"].get<std::string>(),
                             found["last_reading"].get<std::string>());
  }
  asked.out << fmt::format("\n{:<28} {:>12} {:>12}\n", "table", "rows", "bytes");
  for (const auto& table : found["tables"]) {
    asked.out << fmt::format("{:<28} {:>12} {:>12}\n", table["table"].get<std::string>(),
                             number(table["rows"]), number(table["bytes"]));
  }
  return kOk;
}

// Whether it is sound ------------------------------------------------------------------------------

int check(const Asked& asked) {
  auto damage = json::array();
  const auto add = [&](const std::string& sql, const auto& told) {
    return support::query(asked.db, sql, [&](const auto&, const std::vector<json>& row) {
      if (auto text = told(row); !text.empty()) damage.push_back(std::move(text));
    });
  };
  const auto integrity =
      add(fmt::format("pragma integrity_check({})", kMostDamage), [](const std::vector<json>& row) {
        const auto text = row[0].get<std::string>();
        return text == "ok" ? std::string() : text;
      });
  if (!integrity) return refuse(integrity.error(), asked.err);
  const auto references = add("pragma foreign_key_check", [](const std::vector<json>& row) {
    return fmt::format("row {} of {} refers to a row of {} that is not there", number(row[1]),
                       row[0].get<std::string>(), row[2].get<std::string>());
  });
  if (!references) return refuse(references.error(), asked.err);
  if (asked.as_json) {
    asked.out << dump({{"sound", damage.empty()}, {"damage", damage}});
  } else if (damage.empty()) {
    asked.out << "The database is sound: every page, every index, every reference.\n";
  } else {
    for (const auto& text : damage)
      asked.out << status::wrapped("- ", status::clean(text.get<std::string>()));
    asked.out << status::wrapped("\n",
                                 "Save what is there: lintel db copy FILE. Then make an empty file "
                                 "lintel.db.damaged beside the database and restart the gateway: it brings "
                                 "what can be read into a new one and goes on counting. Replace the card.");
  }
  return damage.empty() ? kOk : kProblem;
}

// A copy of it -------------------------------------------------------------------------------------

/// As it is at one instant, whatever the gateway goes on writing.
Result<void> copy_to(Database& from, const std::string& file) {
  if (auto made = write_new(file, ""); !made) return made;
  sqlite3* raw = nullptr;
  int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> to(raw, sqlite3_close);
  if (code == SQLITE_OK) {
    auto* const backup = sqlite3_backup_init(to.get(), "main", from.handle(), "main");
    code = backup == nullptr ? sqlite3_errcode(to.get()) : sqlite3_backup_step(backup, -1);
    if (backup != nullptr) sqlite3_backup_finish(backup);
  }
  if (code == SQLITE_DONE) return {};
  ::unlink(file.c_str());
  return fail(ErrorKind::transient,
              fmt::format("cannot copy the database to {}: {}", file, sqlite3_errstr(code)));
}

int copy(const Asked& asked, const std::string& file) {
  if (const auto done = copy_to(asked.db, file); !done) return refuse(done.error(), asked.err);
  std::error_code none;
  const auto bytes = std::filesystem::file_size(file, none);
  if (asked.as_json) {
    asked.out << dump({{"file", file}, {"bytes", bytes}});
  } else {
    asked.out << fmt::format("{} ({:.1f} MB) is a copy of the database as it was just now.\n", file,
                             static_cast<double>(bytes) / 1e6);
  }
  return kOk;
}

// A question to it ---------------------------------------------------------------------------------

/// A value in a line of columns that tabs separate.
std::string cell(const json& value) {
  if (value.is_null()) return "";
  if (!value.is_string()) return value.dump();
  return status::clean(value.get<std::string>());
}

int query(const Asked& asked, const std::string& sql) {
  auto rows = json::array();
  bool headed = false;
  const auto line = [&asked](const auto& values, const auto& text) {
    const char* separator = "";
    for (const auto& value : values) {
      asked.out << separator << text(value);
      separator = "\t";
    }
    asked.out << '\n';
  };
  const auto done = support::query(asked.db, sql, [&](const auto& columns, const auto& values) {
    if (asked.as_json) {
      auto row = json::object();
      for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = values[i];
      rows.push_back(std::move(row));
      return;
    }
    if (!headed) line(columns, [](const std::string& name) { return name; });
    headed = true;
    line(values, cell);
  });
  if (!done) return refuse(done.error(), asked.err);
  if (asked.as_json) asked.out << dump(rows);
  return kOk;
}

int run(const Asked& asked, std::vector<std::string> words) {
  const auto what = words.empty() ? std::string("info") : words.front();
  if (!words.empty()) words.erase(words.begin());
  const bool takes_one = what == "copy" || what == "query";
  if (words.size() > (takes_one ? 1U : 0U))
    return refuse(unexpected_argument(words[takes_one ? 1 : 0], kOptions), asked.err);
  if (takes_one && words.empty()) {
    return refuse({ErrorKind::misconfigured, what == "copy" ? "say where to: lintel db copy FILE"
                                                            : "say what to ask: lintel db query SQL"},
                  asked.err);
  }
  if (what == "info") return info(asked);
  if (what == "check") return check(asked);
  if (what == "copy") return copy(asked, words.front());
  if (what == "query") return query(asked, words.front());
  return refuse(unexpected_argument(what, kOptions), asked.err);
}

}  // namespace

int db(std::span<const std::string> args, std::ostream& out, std::ostream& err) {
  std::vector<std::string> words(args.begin(), args.end());
  const bool as_json = std::erase(words, "--json") > 0;
  const auto config = configuration(words, err);
  if (!config) return refuse(config.error(), err);
  auto opened = open_database(*config);
  if (!opened) return refuse(opened.error(), err);
  try {
    return run({*config, *opened, as_json, out, err}, std::move(words));
  } catch (const store::SqliteError& error) {
    return refuse(
        {ErrorKind::corrupt, fmt::format("cannot read the database {}: {}",
                                         store::database_path(config->state_dir).string(), error.message)},
        err);
  }
}

}  // namespace lintel::cli
