// Values that name something on a network, and time zones: what a value must look like before anybody
// tries to reach it.
#include <arpa/inet.h>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "gateway/config/nearest.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

namespace fs = std::filesystem;

tl::unexpected<std::string> no(std::string reason) {
  return tl::make_unexpected(std::move(reason));
}

tl::unexpected<std::string> expected(std::string text) {
  return no("expected " + std::move(text));
}

bool is_port(std::string_view text, unsigned least) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= least && value <= 65535;
}

bool is_address(int family, std::string_view text) {
  in6_addr bytes{};
  return inet_pton(family, std::string(text).c_str(), &bytes) == 1;
}

struct HostPort {
  std::string_view host;  ///< brackets included
  std::string_view port;  ///< empty: none stated
};

/// Splits "host", "host:port", "[::1]" and "[::1]:port". The host is a name or an address.
std::optional<HostPort> host_and_port(std::string_view text, unsigned least_port) {
  HostPort parts;
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  parts.host = text.substr(0, host_end);
  const auto rest = text.substr(host_end);
  if (bracketed) {
    if (host_end < 3 || !is_address(AF_INET6, parts.host.substr(1, host_end - 2))) return std::nullopt;
  } else if (!host_name(parts.host)) {
    return std::nullopt;
  }
  if (rest.empty()) return parts;
  parts.port = rest.substr(1);
  if (rest.front() != ':' || !is_port(parts.port, least_port)) return std::nullopt;
  return parts;
}

bool is_zone_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  char magic[4] = {};
  return fs::is_regular_file(file) && stream.read(magic, 4) && std::string_view(magic, 4) == "TZif";
}

std::vector<std::string> all_zones(const fs::path& root) {
  std::vector<std::string> zones;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().lexically_relative(root).string();
    // posix/ and right/ repeat all other zones; lower-case files are tables, not zones.
    if (name.front() < 'A' || name.front() > 'Z') {
      if (entry->is_directory(error)) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_directory(error)) zones.push_back(name);
  }
  std::sort(zones.begin(), zones.end());
  return zones;
}

}  // namespace

std::string without_credentials(std::string_view url) {
  const auto scheme = url.find("://");
  const auto start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto at = url.rfind('@');
  if (at == std::string_view::npos || at < start) return std::string(url);
  return fmt::format("{}***{}", url.substr(0, start), url.substr(at));
}

Parsed<std::string> timezone(std::string_view text) {
  const fs::path root = "/usr/share/zoneinfo";
  std::error_code error;
  if (text == "UTC") return std::string(text);
  if (!fs::is_directory(root, error))
    return no("this machine knows no time zones, install the package tzdata");
  const bool inside = !text.empty() && text.front() != '/' && text.find("..") == std::string_view::npos;
  if (inside && is_zone_file(root / text)) return std::string(text);
  const auto zones = all_zones(root);
  const std::vector<std::string_view> names(zones.begin(), zones.end());
  if (const auto zone = nearest(text, names); !zone.empty()) {
    return no(fmt::format("no such time zone, did you mean {}?", zone));
  }
  return expected("a time zone of the tz database, for example Europe/Berlin");
}

Parsed<std::string> host_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  const bool name = !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), fits);
  if (!name && !is_address(AF_INET6, text)) {
    return expected("a host name or address without scheme and port, for example gateway.example.org");
  }
  return std::string(text);
}

Parsed<std::string> broker_url(std::string_view text) {
  if (without_credentials(text) != text) {
    return no("user and password have keys of their own, user = and password_file =");
  }
  const auto wrong = expected("mqtt://HOST:PORT or mqtts://HOST:PORT, for example mqtt://192.168.1.10:1883");
  const bool plain = text.starts_with("mqtt://");
  if (!plain && !text.starts_with("mqtts://")) return wrong;
  const auto rest = text.substr(plain ? 7 : 8);
  const auto parts = host_and_port(rest.ends_with('/') ? rest.substr(0, rest.size() - 1) : rest, 1);
  if (!parts) return wrong;
  const auto port = !parts->port.empty() ? parts->port : plain ? "1883" : "8883";
  return fmt::format("{}://{}:{}", plain ? "mqtt" : "mqtts", parts->host, port);
}

Parsed<std::string> http_url(std::string_view text) {
  if (without_credentials(text) != text) {
    return no("a URL with a password in it is refused, the gateway's own key goes to credential_file =");
  }
  const auto wrong =
      expected("an address that starts with https://, for example https://project.supabase.co/rest/v1");
  const bool plain = text.starts_with("http://");
  if (!plain && !text.starts_with("https://")) return wrong;
  if (text.find_first_of("?# \"\\") != std::string_view::npos) return wrong;
  while (text.ends_with('/')) text.remove_suffix(1);
  const auto start = std::min<std::size_t>(plain ? 7 : 8, text.size());
  const auto authority = text.substr(start, text.find('/', start) - start);
  if (!host_and_port(authority, 1)) return wrong;
  return std::string(text);
}

Parsed<std::string> listen_address(std::string_view text) {
  const auto parts = host_and_port(text, 0);
  const bool fits =
      parts && !parts->port.empty() && (text.starts_with('[') || is_address(AF_INET, parts->host));
  if (!fits)
    return expected(
        "an address of this machine and a port, for example 0.0.0.0:8080, or nothing for no page");
  return std::string(text);
}

Parsed<std::string> ingest_address(std::string_view text) {
  if (listen_address(text)) return std::string(text);
  return expected("an address of this machine and a port, for example 0.0.0.0:8081");
}

Parsed<std::string> device_url(std::string_view text) {
  const bool plain = text.starts_with("http://");
  const auto wrong =
      expected("an address such as http://192.168.1.20/local/tvpc/.api?live-sum.json, without spaces and #");
  if (!plain && !text.starts_with("https://")) return wrong;
  if (text.size() > 1000 || text.find_first_of("# \"\\") != std::string_view::npos) return wrong;
  const auto start = plain ? 7U : 8U;
  const auto authority = text.substr(start, text.find_first_of("/?", start) - start);
  if (authority.find('@') != std::string_view::npos) {
    return no("user and password have keys of their own, user = and secret_file =");
  }
  if (!host_and_port(authority, 1)) return wrong;
  return std::string(text);
}

Parsed<std::string> key_pin(std::string_view text) {
  constexpr std::string_view kStart = "sha256//";
  const auto key = text.substr(std::min(kStart.size(), text.size()));
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  const bool right = text.starts_with(kStart) && key.size() == 44 && key.back() == '=' &&
                     std::all_of(key.begin(), key.end() - 1, fits);
  if (!right) return expected("sha256// and 44 characters, as `lintel pin URL` prints them");
  return std::string(text);
}

Parsed<std::string> topic_filter(std::string_view text) {
  if (text.empty()) return expected("a topic filter, for example counters/+/telemetry or #");
  if (text.size() > 65535) return expected("a topic of at most 65535 bytes");
  for (std::string_view rest = text;;) {
    const auto slash = rest.find('/');
    const auto level = rest.substr(0, slash);
    if (level.find('+') != std::string_view::npos && level != "+") {
      return no(fmt::format("in a topic, + stands alone between slashes, not in {}", level));
    }
    if (level.find('#') != std::string_view::npos && (level != "#" || slash != std::string_view::npos)) {
      return no(fmt::format("in a topic, # stands alone after the last slash, not in {}",
                            level == "#" ? rest : level));
    }
    if (slash == std::string_view::npos) return std::string(text);
    rest.remove_prefix(slash + 1);
  }
}

Parsed<Subscription> subscription(std::string_view text) {
  const auto gap = text.find_first_of(" \t");
  if (gap == std::string_view::npos) {
    return expected("a decoder and a topic, for example: milesight-vs125 counters/+/telemetry");
  }
  auto topic = topic_filter(trim(text.substr(gap)));
  if (!topic) return tl::make_unexpected(topic.error());
  return Subscription{std::string(text.substr(0, gap)), std::move(*topic)};
}

}  // namespace lintel::config
