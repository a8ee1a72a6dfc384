// links.d files of devices that speak HTTP: they push to us, or we poll them.
#include <algorithm>

#include <fmt/format.h>

#include "gateway/config/link_file.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

using namespace std::chrono_literals;

/// Below this somebody patient guesses an address or a token.
constexpr std::size_t kShortestSecret = 16;

Link::Auth auth_from(std::string_view word) {
  if (word == "path") return Link::Auth::path;
  if (word == "bearer") return Link::Auth::bearer;
  if (word == "basic") return Link::Auth::basic;
  if (word == "digest") return Link::Auth::digest;
  return Link::Auth::none;
}

bool with_user(Link::Auth auth) {
  return auth == Link::Auth::basic || auth == Link::Auth::digest;
}

bool fits_path(std::string_view secret) {
  return std::all_of(secret.begin(), secret.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void read_credentials(const LinkFile& file, const Settings& settings, Link& link) {
  const auto before = file.report().problems.size();
  link.auth = auth_from(settings.text("auth"));
  link.user = settings.text("user");
  link.secret = file.secret(settings, "secret");
  if (file.report().problems.size() > before) return;
  const auto& kind = settings.text("auth");
  if (with_user(link.auth) && link.user.empty()) {
    file.problem(fmt::format("auth = {} needs a user, add user = NAME", kind));
  }
  if (with_user(link.auth) && link.user.find(':') != std::string::npos) {
    file.problem(*settings.entry("user"), "a user's name has no colon");
  }
  if (!with_user(link.auth) && !link.user.empty()) {
    file.problem(*settings.entry("user"), fmt::format("auth = {} knows no user, take it away", kind));
  }
  if (link.auth == Link::Auth::none && !link.secret.empty()) {
    file.problem("secret is stated, but auth is none: add auth = digest, or what the device asks for");
  }
  if (link.auth != Link::Auth::none && link.secret.empty()) {
    file.problem(fmt::format("auth = {} needs a secret, add secret_file = FILE", kind));
  }
}

/// "https://host:port" of a URL.
std::string_view device_of(std::string_view url) {
  return url.substr(0, url.find_first_of("/?", url.find("://") + 3));
}

void check_trust(const LinkFile& file, const Settings& settings, const Link& link) {
  const bool encrypted = !link.urls.empty() && link.urls.front().starts_with("https://");
  for (const auto* key : {"pin", "ca_file"}) {
    const auto* entry = settings.entry(key);
    if (entry == nullptr || entry->value.empty()) continue;
    if (!encrypted) file.problem(*entry, "the connection is not encrypted, use an url with https://");
  }
  if (const auto* ca = settings.entry("ca_file"); ca != nullptr && !link.ca_file.empty()) {
    if (const auto text = read_text(link.ca_file); !text) file.problem(*ca, text.error());
  }
  if (encrypted && link.pin.empty() && link.ca_file.empty()) {
    file.warn(fmt::format(
        "{}: nobody vouches for {}, so it will not be asked: `lintel pin {}` prints what to add here",
        file.part().name, device_of(link.urls.front()), device_of(link.urls.front())));
  }
  if (!encrypted && (link.auth == Link::Auth::basic || link.auth == Link::Auth::bearer)) {
    file.warn(
        fmt::format("{}: the secret travels unencrypted, use https:// or auth = digest if the device can",
                    file.part().name));
  }
}

}  // namespace

void read_http(const LinkFile& file, const Settings& settings, Link& link) {
  file.demand(settings, "decoder", "milesight-vs125");
  link.decoder = settings.text("decoder");
  if (const auto* entry = settings.entry("decoder")) file.check_decoder(*entry, link.decoder);
  read_credentials(file, settings, link);
  const bool alone = link.auth == Link::Auth::path || link.auth == Link::Auth::bearer;
  if (!alone || link.secret.empty()) return;
  if (link.secret.size() < kShortestSecret) {
    file.problem(
        fmt::format("the secret has {} characters and is all that guards this link: at least {}, for "
                    "example the output of `openssl rand -hex 16`",
                    link.secret.size(), kShortestSecret));
  } else if (link.auth == Link::Auth::path && !fits_path(link.secret)) {
    file.problem("the secret is part of an address: only letters, digits, - and _");
  }
}

void read_poll(const LinkFile& file, const Settings& settings, Link& link) {
  file.demand(settings, "url", "http://192.168.1.20/local/tvpc/.api?live-sum.json");
  file.demand(settings, "decoder", "milesight-vs125");
  link.decoder = settings.text("decoder");
  if (const auto* entry = settings.entry("decoder")) file.check_decoder(*entry, link.decoder);
  for (const auto& entry : settings.entries("url")) {
    if (!device_url(entry.value)) continue;
    if (!link.urls.empty() && device_of(link.urls.front()) != device_of(entry.value)) {
      file.problem(entry,
                   fmt::format("a link is one device, and the url before asks {}: write a file of its own "
                               "for this one",
                               device_of(link.urls.front())));
    }
    link.urls.push_back(entry.value);
  }
  link.interval = seconds(settings.text("interval_seconds"), 0ms, 24h).value_or(60s);
  link.timeout = seconds(settings.text("timeout_seconds"), 0ms, 24h).value_or(10s);
  link.pin = settings.text("pin");
  link.ca_file = settings.path("ca_file");
  link.stream = yes_or_no(settings.text("stream")).value_or(false);
  if (link.stream && link.urls.size() > 1) file.problem("with stream = yes a link has one url");
  read_credentials(file, settings, link);
  check_trust(file, settings, link);
}

}  // namespace lintel::config
