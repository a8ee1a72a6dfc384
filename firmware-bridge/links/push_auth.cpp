#include "firmware-bridge/links/push_auth.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "firmware-bridge/links/digests.hpp"
#include "firmware-bridge/links/http_fields.hpp"

namespace lintel::bridge::links {

namespace {

/// What follows the scheme in an Authorization field; nothing for another scheme.
std::optional<std::string_view> of_scheme(std::string_view field, std::string_view scheme) {
  const auto gap = std::min(field.find(' '), field.size());
  if (!same_word(field.substr(0, gap), scheme)) return std::nullopt;
  return trimmed(field.substr(gap));
}

/// The network of an IPv6 address, whose owner can change the rest at will; other addresses whole.
std::string source_of(const std::string& peer) {
  in6_addr address{};
  if (inet_pton(AF_INET6, peer.substr(0, peer.find('%')).c_str(), &address) != 1 ||
      IN6_IS_ADDR_V4MAPPED(&address)) {
    return peer;
  }
  return {reinterpret_cast<const char*>(&address), 8};
}

}  // namespace

PushAuth::PushAuth(PushCredentials credentials, SteadyClock clock)
    : credentials_(std::move(credentials)),
      digest_(credentials_.user, credentials_.secret, std::move(clock)) {}

PushAuth::Outcome PushAuth::check(const UploadHead& head, std::string_view& below) {
  if (credentials_.kind == PushAuthKind::path) {
    const auto end = std::min(below.find_first_of("/?", 1), below.size());
    const auto stated = below.substr(std::min<std::size_t>(1, end), end - std::min<std::size_t>(1, end));
    const bool right = same_secret(stated, credentials_.secret);
    below.remove_prefix(end);
    return right ? Outcome::pass : Outcome::wrong;
  }
  const auto field = head.field("Authorization");
  if (credentials_.kind == PushAuthKind::bearer) {
    const auto token = of_scheme(field, "Bearer");
    if (!token) return Outcome::missing;
    return same_secret(*token, credentials_.secret) ? Outcome::pass : Outcome::wrong;
  }
  if (credentials_.kind == PushAuthKind::basic) {
    const auto encoded = of_scheme(field, "Basic");
    if (!encoded) return Outcome::missing;
    const auto right = credentials_.user + ":" + credentials_.secret;
    return same_secret(from_base64(*encoded).value_or(""), right) ? Outcome::pass : Outcome::wrong;
  }
  const auto stated = of_scheme(field, "Digest");
  if (!stated) return Outcome::missing;
  switch (digest_.check(*stated, head.method, head.target)) {
    case DigestAuth::Outcome::pass: return Outcome::pass;
    case DigestAuth::Outcome::stale: return Outcome::stale;
    case DigestAuth::Outcome::wrong: break;
  }
  return Outcome::wrong;
}

UploadAnswer PushAuth::refusal(Outcome outcome) const {
  switch (credentials_.kind) {
    case PushAuthKind::path: return {404, "Nothing takes messages at this address.\n", {}};
    case PushAuthKind::bearer:
      return {
          401, "Send the link's secret: Authorization: Bearer SECRET\n", {{"WWW-Authenticate", "Bearer"}}};
    case PushAuthKind::basic:
      return {401,
              "Send the link's user and secret by Basic authentication.\n",
              {{"WWW-Authenticate", "Basic realm=\"lintel\", charset=\"UTF-8\""}}};
    case PushAuthKind::digest: break;
  }
  return {401, "Send the link's user and secret by Digest authentication.\n",
          digest_.challenges(outcome == Outcome::stale)};
}

std::optional<std::chrono::seconds> FailureLimit::refused(const std::string& peer) {
  forget_old();
  const auto found = peers_.find(source_of(peer));
  if (found == peers_.end() || found->second.count < kMostFailures) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::seconds>(found->second.since + kWindow - clock_());
  return std::max(left, std::chrono::seconds{1});
}

void FailureLimit::failed(const std::string& peer) {
  forget_old();
  const auto source = source_of(peer);
  if (peers_.size() >= kMostPeers && !peers_.contains(source)) {
    peers_.erase(std::min_element(peers_.begin(), peers_.end(), [](const auto& a, const auto& b) {
      return a.second.since < b.second.since;
    }));
  }
  auto [entry, fresh] = peers_.try_emplace(source);
  if (fresh) entry->second.since = clock_();
  ++entry->second.count;
}

void FailureLimit::forget_old() {
  const auto now = clock_();
  std::erase_if(peers_, [&](const auto& entry) { return now - entry.second.since >= kWindow; });
}

}  // namespace lintel::bridge::links
