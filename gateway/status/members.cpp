#include "gateway/status/members.hpp"

#include <nlohmann/json.hpp>

namespace lintel::status {

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const nlohmann::json& object, const char* key, std::int64_t absent,
                       std::int64_t other) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return absent;
  return found->is_number_integer() ? found->get<std::int64_t>() : other;
}

}  // namespace lintel::status
