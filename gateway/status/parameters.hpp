#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/status/http.hpp"

namespace lintel::status {

/// {"error": message}, with this status.
Response refusal(int status, const std::string& message);

/// A parameter of the query; empty: not given.
std::string parameter(const Request& request, std::string_view name);

/// What to say of a parameter that is none of these; absent: there is none.
std::optional<std::string> unknown_parameter(const Request& request,
                                             std::initializer_list<std::string_view> known);

/// Absent for anything but a whole number.
std::optional<std::int64_t> whole_number(const std::string& text);

}  // namespace lintel::status
