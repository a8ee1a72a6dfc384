#pragma once

#include <string>

#include "tests/support/standin/api_error.hpp"
#include "tests/support/standin/read_query.hpp"
#include "tests/support/standin/schema_cache.hpp"

namespace lintel::standin {

/// What a client asked of /rpc/NAME.
struct CallRequest {
  Schema::Name function;
  bool is_get = false;  ///< arguments come from the query string instead of the body
  QueryString query;
  std::string body;
  std::string content_type;
};

/// A call ready to be embedded in a select.
struct Call {
  const Function* function;  ///< lives as long as the Schema it was found in
  Statement statement;       ///< only the parameters so far
  std::string source;        ///< from-clause item giving rows, or one column `value` for scalars
  Read read;                 ///< what the query string says about the rows
};

/// Chooses the function whose arguments fit, as PostgREST does: by the names given, and for a body also
/// the one with a single unnamed json argument. Errors: PGRST102, PGRST202, PGRST203, PGRST100.
Answer<Call> plan_call(const Schema& schema, const CallRequest& request);

}  // namespace lintel::standin
