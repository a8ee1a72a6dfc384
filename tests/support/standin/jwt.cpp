#include "tests/support/standin/jwt.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace lintel::standin {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kSkewSeconds = 30;
constexpr std::size_t kShortestSecret = 32;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::optional<std::string> from_base64url(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string bytes;
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = buffer << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(buffer >> bits & 0xffu);
  }
  return bytes;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const auto end = text.find(separator, start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

bool signature_fits(std::string_view signed_part, const std::string& signature, const std::string& secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(signed_part.data());
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, signed_part.size(),
           digest.data(), &length) == nullptr)
    return false;
  return signature.size() == length && CRYPTO_memcmp(signature.data(), digest.data(), length) == 0;
}

Keys keys_of_set(const Json& set) {
  Keys keys;
  for (const auto& key : set.at("keys")) {
    const auto secret = from_base64url(key.at("k").get<std::string>());
    if (!secret) throw std::runtime_error("the JWK set has a key that is no base64url");
    keys.emplace_back(key.value("kid", ""), *secret);
  }
  return keys;
}

Keys read_keys(const std::filesystem::path& file) {
  std::ostringstream all;
  all << std::ifstream(file).rdbuf();
  const auto text = all.str();
  auto keys =
      text.starts_with('{') ? keys_of_set(Json::parse(text)) : Keys{{"", text.substr(0, text.find('\n'))}};
  const bool strong = !keys.empty() && std::ranges::all_of(keys, [](const auto& key) {
    return key.second.size() >= kShortestSecret;
  });
  if (!strong) {
    throw std::runtime_error("--jwt-secret-file " + file.string() +
                             " needs one line with a secret of 32 characters or more, or a JWK set");
  }
  return keys;
}

/// A time claim that fails `holds` is refused with `message`; one that is no number with its own message.
template <typename Check>
std::optional<ApiError> check_time(const Json& claims, const char* name, const char* message, Check holds) {
  const auto claim = claims.find(name);
  if (claim == claims.end() || claim->is_null()) return std::nullopt;
  if (!claim->is_number())
    return refused_token("PGRST303", std::string("The JWT '") + name + "' claim must be a number");
  if (holds(claim->get<double>())) return std::nullopt;
  return refused_token("PGRST303", message);
}

std::optional<ApiError> check_claims(const Json& claims, double now) {
  if (auto error =
          check_time(claims, "exp", "JWT expired", [&](double t) { return now <= t + kSkewSeconds; }))
    return error;
  if (auto error =
          check_time(claims, "nbf", "JWT not yet valid", [&](double t) { return now >= t - kSkewSeconds; }))
    return error;
  return check_time(claims, "iat", "JWT issued at future", [&](double t) { return now >= t - kSkewSeconds; });
}

}  // namespace

KeyFile::KeyFile(std::filesystem::path file)
    : file_(std::move(file)), read_(std::filesystem::last_write_time(file_)), keys_(read_keys(file_)) {}

Keys KeyFile::current() {
  const std::lock_guard lock(mutex_);
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file_, error);
  if (error || written == read_) return keys_;
  try {
    keys_ = read_keys(file_);
    read_ = written;
  } catch (const std::exception& problem) {
    std::cerr << "postgrest_standin: " << problem.what() << "; the keys of before hold\n";
  }
  return keys_;
}

Answer<Json> verify_token(std::string_view token, const Keys& keys,
                          std::chrono::system_clock::time_point now) {
  if (token.empty()) return refuse(refused_token("PGRST301", "Empty JWT is sent in Authorization header"));
  const auto parts = split(token, '.');
  if (parts.size() != 3)
    return refuse(refused_token("PGRST301", "Expected 3 parts in JWT; got " + std::to_string(parts.size())));
  const auto header_text = from_base64url(parts[0]);
  const auto payload = from_base64url(parts[1]);
  const auto signature = from_base64url(parts[2]);
  const Json header = header_text ? Json::parse(*header_text, nullptr, false) : Json();
  if (!payload || !signature || !header.is_object())
    return refuse(refused_token("PGRST301", "JWT cryptographic operation failed"));
  if (header.value("alg", Json()) != "HS256")
    return refuse(refused_token("PGRST301", "Wrong or unsupported encoding algorithm"));
  // A plain secret is a key without an id: a token that asks for one by id has no key here.
  const auto wanted = header.value("kid", "");
  const auto signed_part = token.substr(0, parts[0].size() + 1 + parts[1].size());
  const bool fits = std::ranges::any_of(keys, [&](const auto& key) {
    return (wanted.empty() || wanted == key.first) && signature_fits(signed_part, *signature, key.second);
  });
  if (!fits)
    return refuse(refused_token("PGRST301", "No suitable key or wrong key type",
                                "None of the keys was able to decode the JWT"));
  Json claims = Json::parse(*payload, nullptr, false);
  if (!claims.is_object()) return refuse(refused_token("PGRST303", "Parsing claims failed"));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  if (auto error = check_claims(claims, static_cast<double>(seconds))) return refuse(std::move(*error));
  return claims;
}

}  // namespace lintel::standin
