#include "gateway/enrol/secret.hpp"

#include <sys/random.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace lintel::enrol {

namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kTokenDigits = 32;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const auto byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

}  // namespace

Result<std::string> new_secret() {
  std::array<std::uint8_t, kSecretBytes> bytes{};
  for (std::size_t have = 0; have < bytes.size();) {
    const auto got = ::getrandom(bytes.data() + have, bytes.size() - have, 0);
    if (got > 0) {
      have += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      return fail(ErrorKind::transient, fmt::format("the kernel gives no random numbers: {}",
                                                    std::generic_category().message(errno)));
    }
  }
  return hex(bytes);
}

Result<std::string> parse_enrolment_token(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '-' || std::isspace(byte) != 0) continue;
    if (std::isxdigit(byte) == 0) {
      return fail(ErrorKind::misconfigured,
                  "an enrolment token has only the digits 0 to 9 and a to f, and hyphens between them");
    }
    digits += static_cast<char>(std::tolower(byte));
  }
  if (digits.size() == kTokenDigits) return digits;
  return fail(ErrorKind::misconfigured,
              digits.empty() ? std::string("there is no enrolment token; HQ issues one for a store")
                             : fmt::format("an enrolment token has {} digits, and this has {}", kTokenDigits,
                                           digits.size()));
}

std::string digest_of(std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  return hex({bytes.data(), size});
}

}  // namespace lintel::enrol
