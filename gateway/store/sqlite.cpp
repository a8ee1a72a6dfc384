#include "gateway/store/sqlite.hpp"

#include <fmt/format.h>

#include "firmware-bridge/core/embedded.hpp"

namespace lintel::store {

namespace {

[[noreturn]] void raise(sqlite3* db, std::string_view doing) {
  throw SqliteError{sqlite3_extended_errcode(db), fmt::format("{}: {}", doing, sqlite3_errmsg(db))};
}

}  // namespace

void Statement::bind_one(int index, std::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT,
                      SQLITE_UTF8);
}

void Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_TRANSIENT);
}

bool Statement::step() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: return false;
    default: {
      sqlite3* db = sqlite3_db_handle(statement_);
      const SqliteError error{sqlite3_extended_errcode(db),
                              fmt::format("{} (in: {})", sqlite3_errmsg(db), sqlite3_sql(statement_))};
      sqlite3_reset(statement_);
      throw error;
    }
  }
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::copy(const Statement& from, int columns) {
  sqlite3_reset(statement_);
  for (int i = 0; i < columns; ++i)
    sqlite3_bind_value(statement_, i + 1, sqlite3_column_value(from.statement_, i));
  run();
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Result<Database> Database::open(const std::filesystem::path& file, OpenMode mode) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (mode == OpenMode::writer ? SQLITE_OPEN_CREATE : 0);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  Database db(raw);
  if (code != SQLITE_OK) {
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot open the database {}: {}", file.string(), sqlite3_errstr(code)));
  }
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, 5000);
  try {
    if (mode == OpenMode::writer) {
      // Small pages: a reading that arrives alone dirties a handful of them, and each is written whole.
      db.execute(
          "pragma page_size = 1024; pragma journal_mode = wal; pragma synchronous = full;"
          "pragma foreign_keys = on; pragma temp_store = memory; pragma cache_size = -2048;"
          "pragma wal_autocheckpoint = 4000; pragma journal_size_limit = 8388608");
    } else {
      db.execute("pragma query_only = on; pragma temp_store = memory; pragma cache_size = -1024");
      (void)db.scalar("select count(*) from sqlite_schema");
    }
  } catch (const SqliteError& error) {
    return fail(error.damage() ? ErrorKind::corrupt : ErrorKind::misconfigured,
                fmt::format("cannot open the database {}: {}", file.string(), error.message));
  }
  return db;
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    raise(db_, fmt::format("cannot prepare \"{}\"", sql));
  }
  return Statement(statement);
}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    raise(db_, fmt::format("cannot execute \"{}\"", sql.substr(0, 80)));
  }
}

std::int64_t Database::scalar(const std::string& sql) {
  auto statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

namespace {

/// To be raised to the schema's version by a change that an older lintel could not live with.
constexpr int kOldestThatWorks = 9;

}  // namespace

int schema_version() {
  return static_cast<int>(embedded::sqlite_migrations().size());
}

bool works_with(Database& db) {
  if (db.scalar("pragma user_version") <= schema_version()) return true;
  const auto oldest = db.scalar("pragma application_id");
  return oldest > 0 && oldest <= schema_version();
}

Result<void> migrate(Database& db) {
  try {
    db.execute("begin immediate");
    const auto have = db.scalar("pragma user_version");
    if (have > schema_version()) {
      const bool usable = works_with(db);
      db.execute("rollback");
      if (usable) return {};
      return fail(ErrorKind::misconfigured,
                  fmt::format("the database has schema version {}, this lintel knows {}: install the version "
                              "that wrote it, or a newer one",
                              have, schema_version()));
    }
    if (have == schema_version() && db.scalar("pragma application_id") == kOldestThatWorks) {
      db.execute("rollback");
      return {};
    }
    const auto steps = embedded::sqlite_migrations();
    for (auto step = static_cast<std::size_t>(have); step < steps.size(); ++step) {
      db.execute(std::string(steps[step].bytes));
    }
    db.execute(fmt::format("pragma user_version = {}; pragma application_id = {}", schema_version(),
                           kOldestThatWorks));
    db.execute("commit");
    return {};
  } catch (const SqliteError& error) {
    sqlite3_exec(db.handle(), "rollback", nullptr, nullptr, nullptr);
    return fail(error.damage() ? ErrorKind::corrupt : ErrorKind::transient,
                "cannot prepare the database's tables: " + error.message);
  }
}

}  // namespace lintel::store
