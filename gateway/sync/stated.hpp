#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

/// Values of HQ's answer, each exactly what the contract says or a Mismatch.
namespace lintel::sync::stated {

/// Thrown when a value is not what the contract says: `where` names it. Leaves parse_answer() as `why_not`.
struct Mismatch {
  std::string where;
};

constexpr std::int64_t kMostChanges = std::int64_t{1} << 53;

/// Null where there is none, or a JSON null.
const nlohmann::json* find(const nlohmann::json& object, const char* key);
const nlohmann::json& need(const nlohmann::json& object, const char* key);
std::int64_t integer(const nlohmann::json& value, const char* key, std::int64_t low, std::int64_t high);
std::string text(const nlohmann::json& value, const char* key);  ///< its first 500 bytes
const nlohmann::json& array(const nlohmann::json& value, const char* key);
const nlohmann::json& object(const nlohmann::json& value, const char* key);

}  // namespace lintel::sync::stated
