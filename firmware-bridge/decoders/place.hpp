#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "firmware-bridge/core/observation.hpp"

namespace lintel::bridge::decoders {

/// Where in a document one is, for messages: a chain of steps on the caller's stack, which costs nothing
/// until a JSON pointer ("/line_total_data/1/total") or a path of XML elements
/// ("/EventNotificationAlert/peopleCounting/enter") is asked for. Parents must outlive children, and keys
/// their places.
class Place {
 public:
  Place() = default;
  [[nodiscard]] Place at(std::string_view key) const& { return Place(this, key, 0); }
  [[nodiscard]] Place at(std::size_t index) const& { return Place(this, {}, index); }
  Place at(std::string_view) const&& = delete;
  Place at(std::size_t) const&& = delete;
  /// Fit for a message: printable ASCII, and only the end of what is very long, since keys may be foreign.
  [[nodiscard]] std::string pointer() const;

 private:
  void append_to(std::string& pointer) const;

  Place(const Place* up, std::string_view key, std::size_t index) : up_(up), key_(key), index_(index) {}

  const Place* up_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
};

/// Adds a reject: "/time_info/end_time: <what>".
void reject(Decoded& out, RejectKind kind, const Place& place, std::string_view what);

}  // namespace lintel::bridge::decoders
