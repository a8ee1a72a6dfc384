#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace lintel::status {

/// The text under a key of an object; empty where there is none, or something else.
std::string text_of(const nlohmann::json& object, const char* key);

/// The whole number under a key; `absent` where there is nothing or null, `other` where there is something
/// else.
std::int64_t number_of(const nlohmann::json& object, const char* key, std::int64_t absent,
                       std::int64_t other);

}  // namespace lintel::status
