#include "gateway/support/query.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

#include <fmt/format.h>

namespace lintel::support {

namespace {

using nlohmann::json;
using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

json value_of(sqlite3_stmt* row, int column) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(row, column);
    case SQLITE_FLOAT: return sqlite3_column_double(row, column);
    case SQLITE_NULL: return nullptr;
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
      return bytes == nullptr
                 ? std::string()
                 : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
    }
  }
}

bool is_blank(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isspace(c) != 0 || c == ';'; });
}

Result<Statement> prepared(store::Database& db, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const auto code = sqlite3_prepare_v2(db.handle(), sql.c_str(), -1, &raw, &rest);
  Statement statement(raw, sqlite3_finalize);
  if (code != SQLITE_OK) {
    return fail((code & 0xff) == SQLITE_ERROR ? ErrorKind::misconfigured : ErrorKind::transient,
                fmt::format("\"{}\": {}", sql, sqlite3_errmsg(db.handle())));
  }
  if (statement == nullptr) return fail(ErrorKind::misconfigured, "there is no statement in it");
  if (!is_blank(rest)) return fail(ErrorKind::misconfigured, "one statement at a time, please");
  if (sqlite3_stmt_readonly(statement.get()) == 0) {
    return fail(ErrorKind::misconfigured, "it would change the database, and here one can only look");
  }
  return statement;
}

}  // namespace

Result<void> query(store::Database& db, const std::string& sql, const Row& row) {
  const auto statement = prepared(db, sql);
  if (!statement) return tl::unexpected(statement.error());
  auto* const rows = statement->get();
  std::vector<std::string> columns;
  columns.reserve(static_cast<std::size_t>(sqlite3_column_count(rows)));
  for (int column = 0; column < sqlite3_column_count(rows); ++column)
    columns.emplace_back(sqlite3_column_name(rows, column));
  std::vector<json> values(columns.size());
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_of(rows, static_cast<int>(i));
    row(columns, values);
  }
  if (code == SQLITE_DONE) return {};
  return fail(ErrorKind::transient, fmt::format("\"{}\": {}", sql, sqlite3_errmsg(db.handle())));
}

}  // namespace lintel::support
