#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace lintel::status {

/// Decides for which names in a Host header the page answers. A web page from elsewhere can make its own
/// name point here and then read what this gateway says (DNS rebinding); it cannot forge this header.
/// Answered are: localhost, the machine's own addresses, its host name, with or without .local, and what
/// the configuration adds.
class HostList {
 public:
  explicit HostList(const std::vector<std::string>& configured);

  /// `header` is the field's value, with or without a port; `reached` the address that the client's
  /// connection came to, in text.
  [[nodiscard]] bool allows(std::string_view header, std::string_view reached);

 private:
  using Clock = std::chrono::steady_clock;
  void look_at_interfaces();

  std::vector<std::string> names_;      // constant after construction
  std::vector<std::string> addresses_;  // of this machine, looked up anew after a while
  Clock::time_point looked_{};
};

/// The name or address of a Host header: lower case, without port, brackets and final dot.
std::string host_of(std::string_view header);

}  // namespace lintel::status
