#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "gateway/status/http.hpp"

namespace boost::asio {
class io_context;
}

namespace lintel::status {

/// A small web server for the status page and for what devices send, on the daemon's loop. It answers GET
/// and HEAD for a fixed table, passes bodies to Routes::uploads, keeps within fixed limits of memory,
/// connections and time, and shares its thread with nothing that blocks. All members are for the loop's
/// thread (or before the loop runs).
class HttpServer {
 public:
  struct Options {
    std::string purpose = "the status page";   ///< as messages call what listens
    std::string key = "[status] listen";       ///< and where its address is configured
    std::string listen = "127.0.0.1:8080";     ///< host:port or [host]:port; port 0: any free one
    std::vector<std::string> allowed_hosts{};  ///< beside the machine's own (hosts.hpp)
    std::size_t connections = 64;
    std::size_t streams = 16;
    std::size_t header_bytes = 8192;
    std::chrono::milliseconds request_limit{10'000};  ///< for a whole request, idle time before it included
    std::chrono::milliseconds write_limit{20'000};
    std::chrono::milliseconds body_limit{30'000};   ///< for the body of an upload
    std::chrono::milliseconds reply_limit{10'000};  ///< until what was uploaded is kept; then 503
    std::chrono::milliseconds stream_look{500};     ///< how often event sources are asked
    std::chrono::milliseconds heartbeat{10'000};
    std::function<void(const std::string&)> log{};  ///< may be empty
  };

  /// Binds and begins to accept as soon as the loop runs. `misconfigured` when the address cannot be used.
  static Result<std::unique_ptr<HttpServer>> open(boost::asio::io_context& loop, Options options,
                                                  Routes routes);
  /// Closes the listening socket and all connections. The loop must still exist.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t streams() const;

  class Core;

 private:
  explicit HttpServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;  // shared with the connections, whose handlers may outlive the server
};

}  // namespace lintel::status
