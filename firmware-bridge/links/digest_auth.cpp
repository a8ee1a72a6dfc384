#include "firmware-bridge/links/digest_auth.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "firmware-bridge/links/digests.hpp"
#include "firmware-bridge/links/http_fields.hpp"

namespace lintel::bridge::links {

namespace {

constexpr std::string_view kRealm = "lintel";
constexpr std::uint64_t kNonceLivesMs = 300'000;
constexpr std::size_t kMostNonces = 256;
constexpr std::size_t kTimeDigits = 16;
constexpr std::size_t kSignedDigits = 32;  ///< time and randomness

template <typename T>
std::optional<T> from_hex(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Hash> hash_of(const std::string& algorithm) {
  if (algorithm.empty() || same_word(algorithm, "MD5")) return Hash::md5;
  if (same_word(algorithm, "SHA-256")) return Hash::sha256;
  return std::nullopt;
}

}  // namespace

DigestAuth::DigestAuth(std::string user, std::string password, SteadyClock clock)
    : user_(std::move(user)),
      password_(std::move(password)),
      clock_(std::move(clock)),
      key_(random_bytes(32)) {}

std::uint64_t DigestAuth::now_ms() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_().time_since_epoch()).count());
}

std::string DigestAuth::make_nonce() const {
  std::uint64_t random = 0;
  for (const char c : random_bytes(sizeof random)) random = random << 8 | static_cast<unsigned char>(c);
  const auto body = fmt::format("{:016x}{:016x}", now_ms(), random);
  return body + hmac_hex(key_, body);
}

std::vector<std::pair<std::string, std::string>> DigestAuth::challenges(bool stale) const {
  const auto nonce = make_nonce();
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto* algorithm : {"SHA-256", "MD5"}) {
    fields.emplace_back("WWW-Authenticate",
                        fmt::format("Digest realm=\"{}\", qop=\"auth\", algorithm={}, nonce=\"{}\"{}", kRealm,
                                    algorithm, nonce, stale ? ", stale=true" : ""));
  }
  return fields;
}

DigestAuth::Outcome DigestAuth::check(std::string_view credentials, std::string_view method,
                                      std::string_view target) {
  const auto stated = parameters(credentials, ',');
  if (!stated) return Outcome::wrong;
  const auto value = [&](std::string_view key) {
    const auto found = stated->find(key);
    return found == stated->end() ? std::string() : found->second;
  };
  const auto hash = hash_of(value("algorithm"));
  const auto count = from_hex<std::uint32_t>(value("nc"));
  const bool complete = hash && count && value("nc").size() == 8 && value("qop") == "auth" &&
                        !value("cnonce").empty() && value("realm") == kRealm && value("uri") == target;
  if (!complete) return Outcome::wrong;
  const auto a1 = hash_hex(*hash, fmt::format("{}:{}:{}", user_, kRealm, password_));
  const auto a2 = hash_hex(*hash, fmt::format("{}:{}", method, target));
  const auto right = hash_hex(
      *hash, fmt::format("{}:{}:{}:{}:auth:{}", a1, value("nonce"), value("nc"), value("cnonce"), a2));
  const bool user_is_right = same_secret(value("username"), user_);
  const bool response_is_right = !right.empty() && same_secret(lower_case(value("response")), right);
  if (!user_is_right || !response_is_right) return Outcome::wrong;
  return take(value("nonce"), *count) ? Outcome::pass : Outcome::stale;
}

/// Whether this use of a nonce is the first; it is remembered then.
bool DigestAuth::take(const std::string& nonce, std::uint32_t count) {
  if (nonce.size() <= kSignedDigits) return false;
  const auto body = nonce.substr(0, kSignedDigits);
  if (!same_secret(nonce.substr(kSignedDigits), hmac_hex(key_, body))) return false;
  const auto issued = from_hex<std::uint64_t>(body.substr(0, kTimeDigits));
  const auto now = now_ms();
  forget_old(now);
  if (!issued || *issued < none_before_ms_ || now - *issued > kNonceLivesMs) return false;
  auto& use = used_[nonce];
  if (count <= use.count) return false;
  use = {*issued, count};
  return true;
}

void DigestAuth::forget_old(std::uint64_t now) {
  std::erase_if(used_, [&](const auto& entry) { return now - entry.second.issued_ms > kNonceLivesMs; });
  while (used_.size() >= kMostNonces) {
    const auto oldest = std::min_element(used_.begin(), used_.end(), [](const auto& a, const auto& b) {
      return a.second.issued_ms < b.second.issued_ms;
    });
    none_before_ms_ = std::max(none_before_ms_, oldest->second.issued_ms + 1);
    used_.erase(oldest);
  }
}

}  // namespace lintel::bridge::links
