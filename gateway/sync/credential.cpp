#include "gateway/sync/credential.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace lintel::sync {

namespace {
constexpr std::size_t kLongestToken = 16'384;
}

Result<std::string> read_credential(const std::filesystem::path& file) {
  if (file.empty()) {
    return fail(ErrorKind::misconfigured,
                "no credential is configured: enrol this gateway with lintel provision, or set [hq] "
                "credential_file to a file with its token");
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return fail(ErrorKind::misconfigured,
                fmt::format("the credential file {} cannot be read ({}): put the gateway's token into it, "
                            "readable by the user lintel runs as",
                            file.string(), std::generic_category().message(errno)));
  }
  std::string token(kLongestToken + 1, '\0');
  in.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(in.gcount()));
  constexpr const char* kSpace = " \t\r\n";
  const auto first = token.find_first_not_of(kSpace);
  if (first == std::string::npos) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the credential file {} is empty: put the gateway's token into it", file.string()));
  }
  token = token.substr(first, token.find_last_not_of(kSpace) - first + 1);
  const bool plain = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain || token.size() > kLongestToken) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the credential file {} holds something else than one token on one line", file.string()));
  }
  return token;
}

tl::expected<std::string, Verdict> CredentialFile::token() {
  if (!token_.empty()) return token_;
  auto read = read_credential(file_);
  if (read) return token_ = std::move(*read);
  Verdict none;
  none.trouble = Trouble::credential;
  none.message = read.error().message;
  return tl::unexpected(std::move(none));
}

bool CredentialFile::refused(const std::string& token, bool /*denied*/) {
  auto read = read_credential(file_);
  token_ = read ? std::move(*read) : std::string();
  return !token_.empty() && token_ != token;
}

}  // namespace lintel::sync
