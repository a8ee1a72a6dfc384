#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tests/support/standin/api_error.hpp"

namespace lintel::standin {

/// The claims of a compact HS256 token signed with `secret`. A token that cannot be decoded or whose
/// signature is wrong is refused with PGRST301; exp, nbf and iat are checked at `now` with 30 s of
/// tolerance and refused with PGRST303, both 401.
Answer<nlohmann::json> verify_token(std::string_view token, const std::string& secret,
                                    std::chrono::system_clock::time_point now);

}  // namespace lintel::standin
