#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/result.hpp"

struct pg_conn;

namespace lintel::hq {

/// The answer to a statement: names, types (PostgreSQL's oids) and texts; no text is null.
struct Table {
  std::vector<std::string> columns;
  std::vector<unsigned> types;
  std::vector<std::vector<std::optional<std::string>>> rows;

  /// The text at a row and column; "" where it is null. The column must be there.
  [[nodiscard]] const std::string& at(std::size_t row, std::string_view column) const;
};

/// An array of objects. Numbers, booleans and JSON are what they are, everything else is text.
nlohmann::json to_json(const Table& table);

/// One connection to HQ's database. Not thread-safe. Errors of every member:
///   transient      the server cannot be reached, was too busy or waited too long
///   misconfigured  the schema is not deployed here, or the role may not do this
///   rejected       the statement was refused, in the server's own words
class Database {
 public:
  using Arguments = std::span<const std::optional<std::string>>;

  /// `target` is what psql takes (a URL or key=value words); what it leaves out comes from libpq's variables
  /// and files. A target with a password is refused as `misconfigured`: others could read it in the list of
  /// processes.
  static Result<Database> connect(const std::string& target);

  /// One statement or several with ; between them; the answer is the last one's.
  Result<Table> run(std::string_view statements);
  /// One statement with $1, $2, …
  Result<Table> run(std::string_view statement, Arguments arguments);
  /// The first column of the first row, which must be there.
  Result<std::string> value(std::string_view statement, Arguments arguments = {});

  /// `copy … to stdout`: every piece as it comes. What `take` says stops it.
  Result<void> copy_out(std::string_view statement,
                        const std::function<Result<void>(std::string_view)>& take);
  /// `copy … from stdin`: `next` gives pieces until it gives an empty one. What it says stops and undoes the
  /// copy.
  Result<void> copy_in(std::string_view statement, const std::function<Result<std::string_view>()>& next);

  /// What another program needs to reach the same database, as "PGHOST=…" entries; a secret may be among
  /// them.
  [[nodiscard]] std::vector<std::string> environment() const;
  [[nodiscard]] std::string name() const;

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  explicit Database(pg_conn* connection) : connection_(connection) {}
  Result<Table> finish(void* result);

  std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace lintel::hq
