#pragma once

#include <string>
#include <vector>

namespace lintel::test {

/// One request by libcurl, which knows HTTP from others than us.
struct HttpRequest {
  std::string method = "POST";
  std::string body{};
  std::vector<std::string> headers{};  ///< whole lines
  std::string user_and_password{};     ///< "user:password"
  long auth = 0;                       ///< CURLAUTH_...; 0: none
  bool chunked = false;
  long timeout_ms = 20'000;
};

struct HttpAnswer {
  int error = 0;  ///< CURLcode
  long status = 0;
  std::string body;
  std::string head;  ///< of the last answer
};

HttpAnswer ask(const std::string& url, const HttpRequest& request);

}  // namespace lintel::test
