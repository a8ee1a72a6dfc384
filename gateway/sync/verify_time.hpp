#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "firmware-bridge/core/time.hpp"

// libcurl's and OpenSSL's own names, so that their headers stay out of here.
using CURL = void;
struct x509_store_ctx_st;

namespace lintel::sync {

/// Instead of OpenSSL's own check of a server's certificates: decides, and says 1 (trusted) or 0.
using VerifyChain = std::function<int(x509_store_ctx_st*)>;

/// Makes every handshake of `curl` go through `verify`, which must outlive the handle's transfers. The
/// server's name is checked by curl as always. False: this libcurl is not built on OpenSSL.
[[nodiscard]] bool verify_chains_with(CURL* curl, const VerifyChain& verify);

/// The usual check, but at `at` in place of the machine's clock; without an instant at that.
int verify_chain_at(x509_store_ctx_st* chain, const std::optional<UtcMs>& at);

/// The usual check but for the dates.
int verify_chain_undated(x509_store_ctx_st* chain);

/// Certificates of a connection, kept to be judged again once the time is known.
class KeptChain {
 public:
  KeptChain();
  ~KeptChain();
  KeptChain(const KeptChain&) = delete;
  KeptChain& operator=(const KeptChain&) = delete;

  /// Takes what has just been verified.
  void keep(x509_store_ctx_st* chain);
  /// Whether it is trusted at that time; says why not.
  [[nodiscard]] std::optional<std::string> refusal_at(UtcMs time) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace lintel::sync
