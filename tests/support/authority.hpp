#pragma once

#include <filesystem>
#include <string>

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
  /// Whoever serves with `context` is `name`, from `from` to `to`.
  void equip(SSL_CTX* context, const std::string& name, UtcMs from, UtcMs to) const;
  /// Whoever serves with `context` serves nobody without a certificate of this authority.
  void guard(SSL_CTX* context) const;

 private:
  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace lintel::test
