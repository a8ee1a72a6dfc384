#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "firmware-bridge/core/time.hpp"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;

namespace lintel::test {

/// A certificate authority that lives from 2000 to 2049, made for one test.
class Authority {
 public:
  Authority();
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// As PEM, for those who are to trust it.
  void write(const std::filesystem::path& file) const;
  /// A certificate for a client, or a server, called `name`, and its key (mode 0600), as PEM.
  void issue(const std::string& name, const std::filesystem::path& certificate,
             const std::filesystem::path& key) const;

 private:
  friend class TlsServer;
  EVP_PKEY* key_;
  X509* certificate_;
};

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
