#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/upload.hpp"

namespace lintel::bridge::links {

using SteadyClock = std::function<std::chrono::steady_clock::time_point()>;

/// The server's side of HTTP Digest (RFC 7616): qop=auth, SHA-256 and MD5. A nonce is known by its signature,
/// so that those who never come back cost no memory; only nonces that were used with the right password are
/// remembered, with the highest count, so that no request can be replayed. Not thread-safe.
class DigestAuth {
 public:
  enum class Outcome {
    pass,
    wrong,
    stale,  ///< the password is right, the nonce is not ours, too old, or was used with this count
  };

  DigestAuth(std::string user, std::string password, SteadyClock clock);

  /// `credentials` is what follows "Digest " in the Authorization field.
  [[nodiscard]] Outcome check(std::string_view credentials, std::string_view method, std::string_view target);
  /// WWW-Authenticate fields, the stronger hash first. They share a nonce: simple devices answer the first
  /// challenge with the only hash they know.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> challenges(bool stale) const;

  [[nodiscard]] std::size_t remembered() const { return used_.size(); }

 private:
  struct Use {
    std::uint64_t issued_ms = 0;
    std::uint32_t count = 0;
  };

  [[nodiscard]] std::uint64_t now_ms() const;
  [[nodiscard]] std::string make_nonce() const;
  [[nodiscard]] bool take(const std::string& nonce, std::uint32_t count);
  void forget_old(std::uint64_t now);

  const std::string user_;
  const std::string password_;
  const SteadyClock clock_;
  const std::string key_;
  std::map<std::string, Use, std::less<>> used_;
  std::uint64_t none_before_ms_ = 0;  ///< nonces issued earlier are not taken: some of them were forgotten
};

}  // namespace lintel::bridge::links
