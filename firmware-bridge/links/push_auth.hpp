#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/upload.hpp"
#include "firmware-bridge/links/digest_auth.hpp"

namespace lintel::bridge::links {

/// How a device proves that it may send to a link. Only digest keeps the secret off the wire.
enum class PushAuthKind {
  bearer,  ///< Authorization: Bearer SECRET
  basic,   ///< Authorization: Basic, user and secret
  digest,  ///< Authorization: Digest, user and secret
  path,    ///< the first part of the path below the link is the secret, for devices that set no header
};

struct PushCredentials {
  PushAuthKind kind = PushAuthKind::path;
  std::string user;  ///< basic and digest
  std::string secret;
};

/// Holds a request against a link's credentials, in time that tells nothing about them. Not thread-safe.
class PushAuth {
 public:
  enum class Outcome { pass, missing, wrong, stale };

  PushAuth(PushCredentials credentials, SteadyClock clock);

  /// Takes the secret off `below`, the target behind the link's name, where it stands there.
  [[nodiscard]] Outcome check(const UploadHead& head, std::string_view& below);
  /// The refusal to send; a stale nonce is no failure.
  [[nodiscard]] UploadAnswer refusal(Outcome outcome) const;
  [[nodiscard]] PushAuthKind kind() const { return credentials_.kind; }

 private:
  const PushCredentials credentials_;
  DigestAuth digest_;
};

/// Slows down who guesses: so many failures from one address within a minute, and it is refused unheard for
/// the rest of it. Of IPv6 addresses the network counts. Bounded; not thread-safe.
class FailureLimit {
 public:
  static constexpr int kMostFailures = 20;
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::size_t kMostPeers = 256;

  explicit FailureLimit(SteadyClock clock) : clock_(std::move(clock)) {}

  /// How long the address is to be refused; nothing: it may try.
  [[nodiscard]] std::optional<std::chrono::seconds> refused(const std::string& peer);
  void failed(const std::string& peer);

 private:
  struct Failures {
    std::chrono::steady_clock::time_point since;
    int count = 0;
  };
  void forget_old();

  const SteadyClock clock_;
  std::map<std::string, Failures, std::less<>> peers_;
};

}  // namespace lintel::bridge::links
