#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/standin/api_error.hpp"
#include "tests/support/standin/database.hpp"
#include "tests/support/standin/schema_cache.hpp"

namespace lintel::standin {

/// On whose behalf, and of which request, a transaction runs: becomes transaction-scoped settings.
struct Session {
  std::string role;
  bool anonymous = true;
  nlohmann::json claims;  ///< role included
  std::string method;
  std::string path;
  nlohmann::json headers;  ///< names in lower case
  nlohmann::json cookies;
  std::string schema;  ///< first in the search path, before public
};

/// One statement and what has to hold around it.
struct Work {
  Statement statement;  ///< gives one row: body, number of rows, and with `counted` their total
  bool read_only = true;
  bool counted = false;
  bool single_row = false;  ///< anything but one row is PGRST116 and rolled back
  Settings settings = {};
};

struct Outcome {
  std::string body;
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> total;
  Headers headers;
  std::optional<int> status;  ///< set through response.status
};

/// Runs `work` in a transaction of its own, under the session's role, after the pre-request function
/// (SQL name, or empty). Nothing is committed if an error is returned.
Answer<Outcome> run_transaction(Pool& pool, const Schema& schema, const Session& session,
                                const std::string& pre_request, const Work& work);

}  // namespace lintel::standin
