#include "gateway/status/parameters.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/snapshot.hpp"

namespace lintel::status {

Response refusal(int status, const std::string& message) {
  return json_response(status, dump({{"error", message}}) + "\n");
}

std::string parameter(const Request& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

std::optional<std::string> unknown_parameter(const Request& request,
                                             std::initializer_list<std::string_view> known) {
  for (const auto& [name, text] : request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return fmt::format("unknown parameter \"{}\": use {}", name, fmt::join(known, ", "));
  }
  return std::nullopt;
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace lintel::status
