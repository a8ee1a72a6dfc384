#include "schema/tools/database.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lintel::hq {

using nlohmann::json;

namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;
struct Free {
  void operator()(void* memory) const { PQfreemem(memory); }
};
struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string one_line(std::string_view text) {
  std::string line(text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

Error error_of(pg_conn* connection, const PGresult* result) {
  const auto state = field(result, PG_DIAG_SQLSTATE);
  if (result == nullptr || state.empty()) {
    return {ErrorKind::transient, "the database went away: " + one_line(PQerrorMessage(connection))};
  }
  std::string message(field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (const auto hint = field(result, PG_DIAG_MESSAGE_HINT); !hint.empty())
    message += fmt::format(" ({})", hint);
  if (state == "42501") {
    return {ErrorKind::misconfigured,
            fmt::format("{}: connect as a superuser or as the role that deployed the schema", message)};
  }
  if (state == "3F000" || state == "42P01" || state == "42883") {
    return {ErrorKind::misconfigured,
            fmt::format("{}: is the central schema deployed in this database, and as new as this program? "
                        "lintel-hq deploy",
                        message)};
  }
  const bool passes = state == "55P03" || state == "57014" || state == "40P01" || state == "40001" ||
                      state.starts_with("08") || state.starts_with("57P") || state.starts_with("53");
  return {passes ? ErrorKind::transient : ErrorKind::rejected, std::move(message)};
}

Table table_of(const PGresult* result) {
  Table table;
  const int columns = PQnfields(result);
  for (int c = 0; c < columns; ++c) {
    table.columns.emplace_back(PQfname(result, c));
    table.types.push_back(PQftype(result, c));
  }
  for (int r = 0; r < PQntuples(result); ++r) {
    auto& row = table.rows.emplace_back();
    for (int c = 0; c < columns; ++c) {
      if (PQgetisnull(result, r, c) != 0) {
        row.emplace_back();
      } else {
        row.emplace_back(
            std::string(PQgetvalue(result, r, c), static_cast<std::size_t>(PQgetlength(result, r, c))));
      }
    }
  }
  return table;
}

json value_of(const std::string& text, unsigned type) {
  switch (type) {
    case 16: return text == "t";  // boolean
    case 20:
    case 21:
    case 23:
    case 26: {  // whole numbers
      std::int64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case 700:
    case 701:
    case 1700:  // numbers with a point
    case 114:
    case 3802: {  // JSON
      auto parsed = json::parse(text, nullptr, false);
      return parsed.is_discarded() ? json(text) : parsed;
    }
    default: return text;
  }
}

/// A password in the target would be in everybody's list of processes.
Result<void> check_target(const std::string& target) {
  char* complaint = nullptr;
  const Options options(PQconninfoParse(target.c_str(), &complaint));
  const std::unique_ptr<char, Free> owned(complaint);
  if (!options) {
    // The complaint may quote what it could not read.
    return fail(
        ErrorKind::misconfigured,
        "--db cannot be read: give a URL (postgresql://user@host/database) or words as psql takes them "
        "(\"host=/run/postgresql dbname=lintel\")");
  }
  for (auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) == "password" && option->val != nullptr && *option->val != '\0') {
      return fail(ErrorKind::misconfigured,
                  "--db holds a password, which the list of processes shows to everybody: put it into "
                  "~/.pgpass (mode 0600) or PGPASSWORD, and change it where others could have seen it");
    }
  }
  return {};
}

}  // namespace

const std::string& Table::at(std::size_t row, std::string_view column) const {
  static const std::string kNothing;
  const auto found = std::find(columns.begin(), columns.end(), column);
  const auto& cell = rows.at(row).at(static_cast<std::size_t>(found - columns.begin()));
  return cell ? *cell : kNothing;
}

json to_json(const Table& table) {
  auto list = json::array();
  for (const auto& row : table.rows) {
    json object = json::object();
    for (std::size_t c = 0; c < row.size(); ++c)
      object[table.columns[c]] = row[c] ? value_of(*row[c], table.types[c]) : json();
    list.push_back(std::move(object));
  }
  return list;
}

void Database::Close::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Result<Database> Database::connect(const std::string& target) {
  // Alone, a word is the name of a database.
  const std::string info = target.find_first_of("=:") == std::string::npos && !target.empty()
                               ? fmt::format("dbname={}", target)
                               : target;
  if (!info.empty()) {
    if (auto good = check_target(info); !good) return tl::unexpected(good.error());
  }
  const char* keys[] = {"dbname", "fallback_application_name", "connect_timeout", nullptr};
  const char* values[] = {info.c_str(), "lintel-hq", "10", nullptr};
  Database database(PQconnectdbParams(keys, values, 1));
  auto* connection = database.connection_.get();
  if (connection == nullptr || PQstatus(connection) != CONNECTION_OK) {
    return fail(ErrorKind::transient,
                fmt::format("cannot reach the database: {}. Say where it is with --db "
                            "\"host=/run/postgresql dbname=lintel\" or PGHOST, PGPORT, PGDATABASE, PGUSER",
                            connection == nullptr ? "no memory" : one_line(PQerrorMessage(connection))));
  }
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  auto settled = database.run(
      "set timezone = 'UTC'; set datestyle = 'ISO'; set client_encoding = 'UTF8'; set lock_timeout = '5s'");
  if (!settled) return tl::unexpected(settled.error());
  return database;
}

Result<Table> Database::finish(void* result) {
  const Answer answer(static_cast<PGresult*>(result));
  const auto status = PQresultStatus(answer.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY)
    return table_of(answer.get());
  return tl::unexpected(error_of(connection_.get(), answer.get()));
}

Result<Table> Database::run(std::string_view statements) {
  return finish(PQexec(connection_.get(), std::string(statements).c_str()));
}

Result<Table> Database::run(std::string_view statement, Arguments arguments) {
  std::vector<const char*> texts;
  for (const auto& argument : arguments) texts.push_back(argument ? argument->c_str() : nullptr);
  return finish(PQexecParams(connection_.get(), std::string(statement).c_str(),
                             static_cast<int>(texts.size()), nullptr, texts.data(), nullptr, nullptr, 0));
}

Result<std::string> Database::value(std::string_view statement, Arguments arguments) {
  auto table = run(statement, arguments);
  if (!table) return tl::unexpected(table.error());
  if (table->rows.empty() || table->rows[0].empty())
    return fail(ErrorKind::rejected, fmt::format("no answer to: {}", statement));
  return table->rows[0][0].value_or("");
}

Result<void> Database::copy_out(std::string_view statement,
                                const std::function<Result<void>(std::string_view)>& take) {
  auto* connection = connection_.get();
  {
    const Answer begun(PQexec(connection, std::string(statement).c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_OUT)
      return tl::unexpected(error_of(connection, begun.get()));
  }
  Result<void> said;
  while (true) {
    char* piece = nullptr;
    const int length = PQgetCopyData(connection, &piece, 0);
    const std::unique_ptr<char, Free> owned(piece);
    if (length < 0) break;
    if (said) said = take({piece, static_cast<std::size_t>(length)});
  }
  const auto ended = finish(PQgetResult(connection));
  while (auto* more = PQgetResult(connection)) PQclear(more);
  if (!said) return said;
  if (!ended) return tl::unexpected(ended.error());
  return {};
}

Result<void> Database::copy_in(std::string_view statement,
                               const std::function<Result<std::string_view>()>& next) {
  auto* connection = connection_.get();
  {
    const Answer begun(PQexec(connection, std::string(statement).c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN)
      return tl::unexpected(error_of(connection, begun.get()));
  }
  std::optional<Error> stopped;
  while (!stopped) {
    auto piece = next();
    if (!piece) {
      stopped = piece.error();
    } else if (piece->empty() ||
               PQputCopyData(connection, piece->data(), static_cast<int>(piece->size())) != 1) {
      break;
    }
  }
  PQputCopyEnd(connection, stopped ? "the file is not as it should be" : nullptr);
  const auto ended = finish(PQgetResult(connection));
  while (auto* more = PQgetResult(connection)) PQclear(more);
  if (stopped) return tl::unexpected(*stopped);
  if (!ended) return tl::unexpected(ended.error());
  return {};
}

std::vector<std::string> Database::environment() const {
  std::vector<std::string> entries;
  const Options options(PQconninfo(connection_.get()));
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->envvar != nullptr && option->val != nullptr && *option->val != '\0')
      entries.push_back(fmt::format("{}={}", option->envvar, option->val));
  }
  return entries;
}

std::string Database::name() const {
  return PQdb(connection_.get());
}

}  // namespace lintel::hq
