#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "firmware-bridge/core/result.hpp"

using CURL = void;

namespace lintel::bridge::links {

/// The key that a device shows in its certificate. Devices sign their certificates themselves, so nobody
/// vouches for them: a person compares once, and the key is pinned from then on.
struct DeviceKey {
  std::string pin;          ///< "sha256//BASE64", as links.d and curl write it
  std::string fingerprint;  ///< SHA-256 of the certificate, "AB:CD:...", as browsers and devices show it
  std::string subject;
  std::string valid_until;
};

/// Connects, looks at the certificate and hangs up: no request and no credentials are sent.
Result<DeviceKey> look_at_key(const std::string& url, std::chrono::milliseconds timeout);

/// Prepares a curl handle to do just that; after it ran, what it saw.
void prepare_look(CURL* curl, const std::string& url, std::chrono::milliseconds timeout);
std::optional<DeviceKey> key_seen(CURL* curl);

/// Starts libcurl once for the process. Any thread.
void start_curl();

}  // namespace lintel::bridge::links
