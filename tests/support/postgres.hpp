#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

struct pg_conn;

namespace lintel::test {

/// A private PostgreSQL cluster in a directory of its own below the temporary one: UNIX socket only, run
/// as the current user (as `postgres` where that is root, which PostgreSQL refuses), gone with the object.
/// Not thread-safe; the thread that starts it has to outlive it.
class PostgresCluster {
 public:
  /// True where the server and sqitch are installed; a test without them must skip visibly.
  static bool available();

  /// Makes the cluster and starts it. It accepts connections when this returns.
  /// Throws std::runtime_error with the server's own words when it does not come up.
  PostgresCluster();
  /// The same with the central schema in the database `hq` (tests/schema/deployed_cluster).
  static PostgresCluster with_schema() { return PostgresCluster(Schema{}); }
  /// The same from a copy of what another cluster had when it was stopped, which takes a moment only.
  explicit PostgresCluster(const PostgresCluster& stopped);
  ~PostgresCluster();
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  /// A libpq connection string for a superuser; other users: append " user=NAME".
  [[nodiscard]] std::string conninfo(const std::string& database = "hq") const;

  void stop();     ///< at once, as an administrator does it: sessions are ended
  void crash();    ///< at once, and without writing down anything (pg_ctl stop -m immediate)
  void kill9();    ///< the postmaster is gone without a word
  void restart();  ///< comes up again with what was committed; stops it first if it runs
  void back_up();  ///< stops it, copies what it has, in place of an earlier copy, and starts it again
  void go_back();  ///< to that copy; what came since is gone
  /// Lines of postgresql.conf, from the next start on.
  void set(const std::string& lines);
  /// Runs a program as the user who owns the server's files. Throws std::runtime_error with what it said
  /// where it ends otherwise than with 0; returns what it said.
  std::string do_as_owner(const std::vector<std::string>& command) const;
  /// Where it keeps what it has; only the owner may look into it.
  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }
  [[nodiscard]] const std::filesystem::path& log_file() const { return log_; }

 private:
  struct Schema {};
  explicit PostgresCluster(Schema);
  [[nodiscard]] std::vector<std::string> as_owner(std::vector<std::string> command) const;
  void run(const std::vector<std::string>& command, const std::vector<std::string>& env = {}) const;
  void come_up();

  std::filesystem::path dir_;
  std::filesystem::path log_;
  Process process_;
};

/// One connection for a test's own questions; throws std::runtime_error on every failure.
class Sql {
 public:
  using Row = std::vector<std::string>;  ///< text of each column, "" for null

  explicit Sql(const std::string& conninfo);
  ~Sql();
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;

  std::vector<Row> rows(const std::string& statement);
  /// First column of the first row; "" without one.
  std::string value(const std::string& statement);

 private:
  pg_conn* connection_;
};

}  // namespace lintel::test
