#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/standin/database.hpp"

namespace lintel::standin {

using Settings = std::vector<std::pair<std::string, std::string>>;

struct Argument {
  std::string name;  ///< empty: unnamed
  std::string type;  ///< as format_type writes it
  bool required = true;
};

/// An exposed function, as much of it as calling needs.
struct Function {
  enum class Result { nothing, scalar, scalars, row, rows };
  std::string schema;
  std::string name;
  std::vector<Argument> arguments;  ///< inputs only
  Result result = Result::scalar;
  bool is_volatile = true;
  Settings settings;  ///< those of the function that have to hold before it is called

  bool gives_set() const { return result == Result::scalars || result == Result::rows; }
  /// One unnamed json or jsonb argument: receives the whole body.
  bool takes_body() const;
};

/// What is exposed, at one moment.
struct Schema {
  using Name = std::pair<std::string, std::string>;  ///< schema, object
  std::multimap<Name, Function> functions;
  std::set<Name> relations;
  std::map<std::string, Settings> role_settings;  ///< `alter role … set`, applied on impersonation
};

/// Reads the catalogue for the given schemas.
Sql<Schema> load_schema(Connection& connection, const std::vector<std::string>& schemas);

/// Keeps the newest Schema: loads it at start, after `notify pgrst, 'reload schema'` (or 'reload config') and
/// after a lost connection, in a thread of its own with its own connection. While the database is away the
/// last one stays in use.
class SchemaCache {
 public:
  /// Without `channel` nobody listens for notifications, which a read replica cannot do and a pool does not
  /// pass.
  SchemaCache(std::string conninfo, std::vector<std::string> schemas, bool channel = true);
  ~SchemaCache();
  SchemaCache(const SchemaCache&) = delete;
  SchemaCache& operator=(const SchemaCache&) = delete;

  /// Null until the first load has succeeded.
  std::shared_ptr<const Schema> current() const;
  /// Until the next attempt to reach the database; 0 while it is connected.
  std::chrono::seconds retry_after() const;
  /// Returns after the first attempt to load, successful or not.
  void wait_for_first_attempt();

 private:
  void work();
  bool listen_until_lost(Connection& connection);
  bool reload(Connection& connection);
  bool sleep(std::chrono::milliseconds time);
  void attempted(std::chrono::seconds retry);

  const std::string conninfo_;
  const std::vector<std::string> schemas_;
  const bool channel_;
  const int wake_;  ///< eventfd, readable once the thread has to end
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Schema> current_;  ///< guarded by mutex_
  std::chrono::seconds retry_after_{0};    ///< guarded by mutex_
  bool attempted_ = false;                 ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace lintel::standin
