#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "firmware-bridge/core/result.hpp"

namespace lintel::store {

class Database;

/// A prepared statement. Belongs to one connection and to one thread. Column values are views into
/// SQLite's memory, valid until the next step or reset.
class Statement {
 public:
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }
  ~Statement() { sqlite3_finalize(statement_); }

  /// Resets and binds all parameters in order. Takes integers, doubles, text, nullopt and optionals.
  template <typename... Values>
  Statement& bind(const Values&... values) {
    sqlite3_reset(statement_);
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  void bind_blob(int index, std::string_view bytes);

  /// True while there is a row. Throws SqliteError on anything but a row or the end.
  bool step();
  /// Runs a statement that yields no rows, and resets it.
  void run();
  /// Binds the first columns of the row that `from` stands on, and runs.
  void copy(const Statement& from, int columns);

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  ///< text or blob; empty for null
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  void reset() { sqlite3_reset(statement_); }

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind_one(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind_one(int index, int value) { sqlite3_bind_int64(statement_, index, value); }
  void bind_one(int index, std::uint64_t value) {
    sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, std::uint32_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind_one(int index, bool value) { sqlite3_bind_int64(statement_, index, value ? 1 : 0); }
  void bind_one(int index, std::string_view value);
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, std::nullopt_t) { sqlite3_bind_null(statement_, index); }
  template <typename T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value) {
      bind_one(index, *value);
    } else {
      sqlite3_bind_null(statement_, index);
    }
  }

  sqlite3_stmt* statement_ = nullptr;
};

/// What SQLite refused; `code` is its extended result code (SQLITE_FULL, SQLITE_CORRUPT, ...).
struct SqliteError {
  int code;
  std::string message;

  /// The file contradicts itself: repeating it will not help.
  [[nodiscard]] bool damage() const {
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
  }
};

enum class OpenMode {
  writer,  ///< creates the file, WAL, synchronous=FULL
  reader,  ///< changes nothing (query_only); works beside a running daemon and without one
};

/// One connection. Not shared between threads.
class Database {
 public:
  static Result<Database> open(const std::filesystem::path& file, OpenMode mode);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  Database(Database&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Database& operator=(Database&& other) noexcept {
    std::swap(db_, other.db_);
    return *this;
  }
  ~Database() { sqlite3_close(db_); }

  /// Throws SqliteError on a syntax error.
  [[nodiscard]] Statement prepare(std::string_view sql);
  /// Runs one or more statements without results. Throws SqliteError.
  void execute(const std::string& sql);
  [[nodiscard]] std::int64_t scalar(const std::string& sql);
  [[nodiscard]] sqlite3* handle() const { return db_; }

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_ = nullptr;
};

/// Brings the file to this version's schema (PRAGMA user_version), all steps in one transaction. A file of a
/// newer version is left as it is where it says that this one works with it (works_with()), so a machine that
/// went back to the version before counts on; else fails with `misconfigured`. `corrupt`: the file is
/// damaged; `transient`: the disk is full, the file busy and so on. Writes nothing where nothing is to be
/// done.
Result<void> migrate(Database& db);
/// Whether this version works with the file. Each file says how old a schema a lintel may know that uses it
/// (PRAGMA application_id): since that one tables, indexes and columns with a default came, and nothing went.
bool works_with(Database& db);
/// The version migrate() leads to.
int schema_version();

}  // namespace lintel::store
