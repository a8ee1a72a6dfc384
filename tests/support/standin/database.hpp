#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <libpq-fe.h>
#include <tl/expected.hpp>

namespace lintel::standin {

/// What PostgreSQL, or the way to it, said.
struct SqlError {
  enum class Origin {
    statement,   ///< the server refused a statement; `sqlstate` is set
    connection,  ///< the connection was lost while it was in use
    connect,     ///< no connection could be made
    pool,        ///< no connection became free in time
  };
  Origin origin = Origin::statement;
  std::string sqlstate;
  std::string message;
  std::optional<std::string> detail;
  std::optional<std::string> hint;
};

template <typename T>
using Sql = tl::expected<T, SqlError>;

/// A statement and its text parameters, $1 first; nullopt is SQL null.
struct Statement {
  std::string text;
  std::vector<std::optional<std::string>> parameters = {};

  /// Adds a parameter and returns its placeholder.
  std::string bind(std::string value);
};

/// The rows of one answer, as text.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result, &PQclear) {}
  int size() const { return PQntuples(result_.get()); }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) == 1; }
  std::string text(int row, int column) const;
  std::optional<std::string> optional(int row, int column) const;

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

/// One libpq connection, used by one thread at a time.
class Connection {
 public:
  static Sql<Connection> open(const std::string& conninfo);

  Sql<Rows> run(const Statement& statement);
  Sql<Rows> run(const std::string& text) { return run(Statement{text}); }
  /// True while nobody has closed it; notices a server that went away while the connection was idle.
  bool alive();
  bool in_transaction() const { return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }
  PGconn* native() const { return handle_.get(); }

 private:
  explicit Connection(PGconn* handle) : handle_(handle, &PQfinish) {}
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

/// At most `size` connections, made when needed. Any thread may call; it outlives its leases.
class Pool {
 public:
  /// A borrowed connection; goes back when destroyed, or is closed if it is no longer usable.
  class Lease {
   public:
    Lease(Pool& pool, Connection connection);
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection* operator->() { return connection_.get(); }
    Connection& operator*() { return *connection_; }

   private:
    Pool& pool_;
    std::unique_ptr<Connection> connection_;
  };

  Pool(std::string conninfo, std::size_t size, std::chrono::milliseconds timeout);

  /// Waits up to the time-out for a free place; errors have origin `pool` or `connect`.
  Sql<Lease> acquire();
  /// Asks the server to stop what the borrowed connections are doing.
  void cancel_all();

 private:
  void release(std::unique_ptr<Connection> connection);
  void remember(PGconn* connection);

  const std::string conninfo_;
  const std::size_t size_;
  const std::chrono::milliseconds timeout_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection> idle_;  ///< guarded by mutex_
  std::set<PGconn*> busy_;        ///< guarded by mutex_
  std::size_t taken_ = 0;         ///< places in use, guarded by mutex_
};

/// `"name"` with quotes doubled, for use as an identifier.
std::string quote_identifier(const std::string& name);

}  // namespace lintel::standin
