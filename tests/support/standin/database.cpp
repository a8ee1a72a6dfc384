#include "tests/support/standin/database.hpp"

#include <array>
#include <utility>

namespace lintel::standin {
namespace {

std::string trimmed(const char* text) {
  std::string message = text == nullptr ? "" : text;
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

std::optional<std::string> field(const PGresult* result, int code) {
  const char* value = PQresultErrorField(result, code);
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

SqlError error_of(PGconn* connection, const PGresult* result) {
  const auto sqlstate = result == nullptr ? std::nullopt : field(result, PG_DIAG_SQLSTATE);
  if (!sqlstate)
    return {SqlError::Origin::connection, "", trimmed(PQerrorMessage(connection)), std::nullopt,
            std::nullopt};
  return {SqlError::Origin::statement, *sqlstate, field(result, PG_DIAG_MESSAGE_PRIMARY).value_or(""),
          field(result, PG_DIAG_MESSAGE_DETAIL), field(result, PG_DIAG_MESSAGE_HINT)};
}

}  // namespace

std::string Statement::bind(std::string value) {
  parameters.emplace_back(std::move(value));
  return "$" + std::to_string(parameters.size());
}

std::string Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::optional<std::string> Rows::optional(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

Sql<Connection> Connection::open(const std::string& conninfo) {
  Connection connection(PQconnectdb(conninfo.c_str()));
  PGconn* handle = connection.native();
  if (PQstatus(handle) != CONNECTION_OK)
    return tl::unexpected(SqlError{SqlError::Origin::connect, "", trimmed(PQerrorMessage(handle)), {}, {}});
  PQsetClientEncoding(handle, "UTF8");
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  return connection;
}

Sql<Rows> Connection::run(const Statement& statement) {
  std::vector<const char*> values;
  for (const auto& parameter : statement.parameters)
    values.push_back(parameter ? parameter->c_str() : nullptr);
  PGresult* result = PQexecParams(handle_.get(), statement.text.c_str(), static_cast<int>(values.size()),
                                  nullptr, values.data(), nullptr, nullptr, 0);
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return rows;
  return tl::unexpected(error_of(handle_.get(), result));
}

bool Connection::alive() {
  return PQstatus(handle_.get()) == CONNECTION_OK && PQconsumeInput(handle_.get()) == 1 &&
         PQstatus(handle_.get()) == CONNECTION_OK;
}

Pool::Lease::Lease(Pool& pool, Connection connection)
    : pool_(pool), connection_(std::make_unique<Connection>(std::move(connection))) {}

Pool::Lease::~Lease() {
  if (connection_) pool_.release(std::move(connection_));
}

Pool::Pool(std::string conninfo, std::size_t size, std::chrono::milliseconds timeout)
    : conninfo_(std::move(conninfo)), size_(size), timeout_(timeout) {}

Sql<Pool::Lease> Pool::acquire() {
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, timeout_, [this] { return taken_ < size_; }))
      return tl::unexpected(SqlError{SqlError::Origin::pool, "", "no connection became free", {}, {}});
    ++taken_;
    while (!idle_.empty()) {
      Connection connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection.alive()) continue;
      busy_.insert(connection.native());
      return Lease(*this, std::move(connection));
    }
  }
  auto opened = Connection::open(conninfo_);
  if (!opened) {
    release(nullptr);
    return tl::unexpected(opened.error());
  }
  remember(opened->native());
  return Lease(*this, std::move(*opened));
}

void Pool::remember(PGconn* connection) {
  const std::lock_guard lock(mutex_);
  busy_.insert(connection);
}

void Pool::release(std::unique_ptr<Connection> connection) {
  if (connection && connection->in_transaction()) (void)connection->run("rollback");
  const std::lock_guard lock(mutex_);
  if (connection) {
    busy_.erase(connection->native());
    if (connection->alive() && !connection->in_transaction()) idle_.push_back(std::move(*connection));
  }
  --taken_;
  freed_.notify_one();
}

void Pool::cancel_all() {
  const std::lock_guard lock(mutex_);
  for (PGconn* connection : busy_) {
    const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(connection), &PQfreeCancel);
    std::array<char, 256> reason{};
    if (cancel) PQcancel(cancel.get(), reason.data(), static_cast<int>(reason.size()));
  }
}

std::string quote_identifier(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace lintel::standin
