#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/standin/api_error.hpp"

namespace lintel::standin {

/// Id and secret of the HS256 keys in force. A plain secret is a key whose id is empty.
using Keys = std::vector<std::pair<std::string, std::string>>;

/// The file with PostgREST's jwt-secret: one line with a secret of 32 characters or more, or a JWK set. It is
/// read anew whenever it has changed, which PostgREST does when it is told to reload. Any thread may call.
class KeyFile {
 public:
  /// Throws std::runtime_error when the file cannot be used.
  explicit KeyFile(std::filesystem::path file);
  /// The keys of before while the file cannot be used.
  Keys current();

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  std::filesystem::file_time_type read_{};
  Keys keys_;
};

/// The claims of a compact HS256 token signed with one of the keys, the one it names if it names one. A token
/// that cannot be decoded or whose signature is wrong is refused with PGRST301; exp, nbf and iat are checked
/// at `now` with 30 s of tolerance and refused with PGRST303, both 401.
Answer<nlohmann::json> verify_token(std::string_view token, const Keys& keys,
                                    std::chrono::system_clock::time_point now);

}  // namespace lintel::standin
