#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "firmware-bridge/core/upload.hpp"
#include "gateway/status/access.hpp"
#include "gateway/status/control.hpp"

namespace lintel::status {

/// What people do on the page, behind the gateway's PIN (`openapi.json`):
///
/// - `GET /api/session` → {"pin_set", "actions" (that this gateway knows), "signed_in", "name", "csrf"}
/// - `POST /api/session` {"pin", "name"?} → the same, and a cookie; `DELETE /api/session` ends it
/// - `POST /api/actions/NAME` a JSON object → {"result": ...}
///
/// Refusals are {"error": "..."} with 400 (not understood), 401 (sign in first), 403 (PIN, origin or token
/// wrong, or no PIN is set), 404, 409 (understood and refused), 413, 415, 429 with Retry-After. Used by the
/// thread of the HTTP server, which has checked the name under which it was asked.
class Actions : public bridge::UploadSink {
 public:
  struct Action {
    std::string verb;               ///< of the daemon
    std::vector<std::string> keys;  ///< of the request that it takes; others are refused
  };

  struct Parts {
    ControlServer::Verbs verbs;  ///< as the command line reaches them
    std::map<std::string, Action, std::less<>> actions;
    /// Runs something on the server's thread, from any.
    std::function<void(std::function<void()>)> post;
    std::function<void(const std::string&)> log{};  ///< may be empty
  };

  Actions(Access::Options access, Parts parts);

  [[nodiscard]] tl::expected<std::unique_ptr<bridge::Upload>, bridge::UploadAnswer> begin(
      const bridge::UploadHead& head) override;

  /// Whether a path is this sink's.
  static bool takes(std::string_view target);

 private:
  class Body;
  struct Asked;

  [[nodiscard]] bridge::UploadAnswer session_state(const Access::Session* session) const;
  [[nodiscard]] bridge::UploadAnswer sign_in(const Asked& asked, const nlohmann::json& body);
  void run(const Asked& asked, nlohmann::json body, const bridge::Upload::Reply& reply);

  Access access_;
  const Parts parts_;
};

}  // namespace lintel::status
