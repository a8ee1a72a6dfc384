#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "tests/support/standin/database.hpp"

namespace lintel::standin {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What a client gets when its request fails: an HTTP status and PostgREST's error object.
struct ApiError {
  int status = 500;
  std::string code;
  std::string message;
  std::optional<std::string> details = std::nullopt;
  std::optional<std::string> hint = std::nullopt;
  Headers headers = {};
  std::string reason = {};  ///< status text; empty: the standard one
};

template <typename T>
using Answer = tl::expected<T, ApiError>;

inline tl::unexpected<ApiError> refuse(ApiError error) {
  return tl::unexpected<ApiError>(std::move(error));
}

/// `{"code":…,"details":…,"hint":…,"message":…}`; absent members are null.
std::string to_json(const ApiError& error);

/// Status and body for an error of PostgreSQL or of the connection to it, by the table in PostgREST's
/// documentation ("Errors", "HTTP Status Codes" and "Custom Errors"). `authenticated` is false for the
/// anonymous role and decides between 401 and 403.
ApiError to_api_error(const SqlError& error, bool authenticated);

/// The 503 answered before the schema cache has been loaded for the first time.
ApiError no_schema_cache();

/// 401 with the WWW-Authenticate header that PostgREST adds to refused tokens.
ApiError refused_token(std::string code, std::string message,
                       std::optional<std::string> details = std::nullopt);

}  // namespace lintel::standin
