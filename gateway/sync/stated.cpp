#include "gateway/sync/stated.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::sync::stated {

using nlohmann::json;

namespace {
constexpr std::size_t kLongestText = 500;
}

const json* find(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const json& need(const json& object, const char* key) {
  const auto* value = find(object, key);
  if (value == nullptr) throw Mismatch{fmt::format("\"{}\" is missing", key)};
  return *value;
}

std::int64_t integer(const json& value, const char* key, std::int64_t low, std::int64_t high) {
  if (value.is_number_unsigned() ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(high)
                                 : value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    if (number >= low && number <= high) return number;
  }
  throw Mismatch{fmt::format("\"{}\" is not a whole number from {} to {}", key, low, high)};
}

std::string text(const json& value, const char* key) {
  if (!value.is_string()) throw Mismatch{fmt::format("\"{}\" is not a text", key)};
  const auto& whole = value.get_ref<const std::string&>();
  auto length = std::min(whole.size(), kLongestText);
  // Never in the midst of a character.
  while (length > 0 && length < whole.size() && (static_cast<unsigned char>(whole[length]) & 0xC0) == 0x80)
    --length;
  return whole.substr(0, length);
}

const json& array(const json& value, const char* key) {
  if (!value.is_array()) throw Mismatch{fmt::format("\"{}\" is not an array", key)};
  return value;
}

const json& object(const json& value, const char* key) {
  if (!value.is_object()) throw Mismatch{fmt::format("\"{}\" is not an object", key)};
  return value;
}

}  // namespace lintel::sync::stated
