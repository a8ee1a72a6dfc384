#pragma once

#include <optional>
#include <string>

#include "firmware-bridge/core/time.hpp"
#include "gateway/sync/http.hpp"

namespace lintel::sync {

/// How far a connection to a server gets, one step after the other; nothing is asked of it and no credential
/// is sent.
struct Look {
  enum class Step { address, name, connection, trust, none };
  Step failed = Step::none;  ///< the step that did not work; the ones before it did
  std::string detail;        ///< why, in curl's or OpenSSL's words
  std::string ip;            ///< where the connection led; empty: it came to none
  bool literal = false;      ///< the address needs no name to be looked up
  bool tls = false;

  // Of the certificate that the server showed; empty without one.
  std::string subject;
  std::string issuer;
  std::optional<UtcMs> valid_from;
  std::optional<UtcMs> valid_until;
};

/// Connects to `url` (http:// or https://), shakes hands, and hangs up. `direct`: not through the proxy that
/// the usual variables name. Uses of `options` what makes a connection. Blocks, at most for the time-outs.
Look look_at_server(const std::string& url, const HttpOptions& options, bool direct = false);

/// The host that a URL names, without user, port and brackets.
std::string host_of(const std::string& url);

}  // namespace lintel::sync
