#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/time.hpp"

namespace lintel::sync {

struct HttpOptions {
  std::filesystem::path ca_file;  ///< own CA instead of the system's
  /// Mutual TLS: shown where a server asks who we are (PEM). The key's file must be its owner's alone.
  std::filesystem::path client_cert{};
  std::filesystem::path client_key{};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds total_timeout{60'000};
  std::chrono::seconds stall_timeout{30};  ///< without a byte in either direction
  std::size_t response_limit = 4 << 20;
  /// When certificates have to be valid; nothing, or an absent answer: now by the machine's clock. Called
  /// during handshakes, on the thread of the request.
  std::function<std::optional<UtcMs>()> verify_at{};
};

/// What became of one request.
struct Exchange {
  enum class Failure {
    none,
    stopped,      ///< by the owner
    bad_address,  ///< the URL is none
    no_name,      ///< the host's or the proxy's name does not resolve
    no_connection,
    timeout,
    not_http,   ///< somebody else answers there
    cut,        ///< the connection ended in the middle
    tls,        ///< no trusted, encrypted connection
    too_large,  ///< the answer exceeds the limit
    local,      ///< this machine's fault: CA file, memory
  };
  Failure failure = Failure::none;
  std::string detail;  ///< curl's words
  long status = 0;
  std::string body;
  std::string content_type;
  std::string location;  ///< of a redirect
  std::optional<std::chrono::seconds> retry_after;
  std::uint64_t sent = 0;  ///< bytes, headers included
  std::uint64_t received = 0;
};

/// Posts over one kept connection (HTTP/2 where the server has it). Certificates are always verified,
/// redirects never followed, proxies taken from the usual variables. Used by one thread. The process has to
/// ignore SIGPIPE: OpenSSL may raise it.
class Http {
 public:
  /// `stop` becoming true ends a running request within a second. It must outlive this object.
  Http(HttpOptions options, const std::atomic<bool>& stop);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  /// `headers` are whole lines ("Name: value"). Never throws for anything the network does.
  [[nodiscard]] Exchange post(const std::string& url, const std::vector<std::string>& headers,
                              std::string_view body);

 private:
  struct Handle;
  HttpOptions options_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<Handle> handle_;
};

/// Why a private key must not be used: others may read its file, or it is not there. Nothing: it may.
[[nodiscard]] std::optional<std::string> why_not_private(const std::filesystem::path& key);

/// libcurl's own start, once for the process; whoever makes a handle calls it before.
void start_curl();

/// The URL without user, password, query and fragment: fit for messages.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace lintel::sync
