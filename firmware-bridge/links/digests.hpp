#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lintel::bridge::links {

/// The hashes of HTTP authentication, by OpenSSL. Thread-safe.
enum class Hash { md5, sha256 };

/// In lower-case hex. Empty where this machine's OpenSSL forbids the hash (MD5 under FIPS).
std::string hash_hex(Hash hash, std::string_view bytes);

/// HMAC-SHA-256 in lower-case hex.
std::string hmac_hex(std::string_view key, std::string_view bytes);

/// Whether a secret is the right one, in time that tells nothing about it, its length included.
bool same_secret(std::string_view stated, std::string_view right);

/// Bytes that nobody can guess.
std::string random_bytes(std::size_t count);

std::string base64(std::string_view bytes);
/// Nothing for what is no base64 with its padding.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace lintel::bridge::links
