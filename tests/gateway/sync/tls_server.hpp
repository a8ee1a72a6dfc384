#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "firmware-bridge/core/time.hpp"
#include "tests/support/authority.hpp"

namespace lintel::test {

/// A real TLS server on a loopback port: one answer to every request, with the given header lines.
class TlsServer {
 public:
  /// Its certificate is for `name` and valid from `from` to `to`. `clients`: nobody is served without a
  /// certificate of that authority.
  TlsServer(const Authority& authority, const std::string& name, UtcMs from, UtcMs to, std::string headers,
            const Authority* clients = nullptr);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] std::string url() const { return "https://localhost:" + std::to_string(port_) + "/rest/v1"; }
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] std::string asked() const { return asked_; }  ///< the last request; once it was answered

 private:
  void serve();

  SSL_CTX* context_;
  std::string headers_;
  std::string asked_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace lintel::test
