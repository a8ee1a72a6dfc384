#pragma once

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

#include "firmware-bridge/core/result.hpp"
#include "gateway/sync/verdict.hpp"

namespace lintel::sync {

/// Where the gateway's token comes from. Called on the thread of sync.
class Credentials {
 public:
  Credentials() = default;
  virtual ~Credentials() = default;
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// The token to send now, or why there is none. May ask HQ for one, as long as a request may take.
  [[nodiscard]] virtual tl::expected<std::string, Verdict> token() = 0;
  /// HQ refused this one: the token itself, or (`denied`) the gateway it is for. True: token() may give
  /// another one now.
  [[nodiscard]] virtual bool refused(const std::string& token, bool denied) = 0;
};

/// A token that somebody puts into a file. It is read once, and again when HQ refuses it.
class CredentialFile : public Credentials {
 public:
  explicit CredentialFile(std::filesystem::path file) : file_(std::move(file)) {}
  [[nodiscard]] tl::expected<std::string, Verdict> token() override;
  [[nodiscard]] bool refused(const std::string& token, bool denied) override;

 private:
  std::filesystem::path file_;
  std::string token_;
};

/// Reads the gateway's token: one line, white space around it ignored. `misconfigured` when the file is
/// missing, empty, or holds what cannot be a token; the message never quotes its content.
[[nodiscard]] Result<std::string> read_credential(const std::filesystem::path& file);

}  // namespace lintel::sync
