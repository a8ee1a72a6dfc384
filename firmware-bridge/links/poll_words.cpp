#include "firmware-bridge/links/poll_words.hpp"

#include <algorithm>

#include <curl/curl.h>
#include <fmt/format.h>

namespace lintel::bridge::links {

namespace {

std::size_t authority_end(std::string_view url) {
  const auto scheme = url.find("://");
  return std::min(url.find_first_of("/?#", scheme == std::string_view::npos ? 0 : scheme + 3), url.size());
}

/// Where a device points to, without what may be secret, fit for a log.
std::string shown(std::string_view location) {
  auto text = std::string(location.substr(0, std::min<std::size_t>(location.find_first_of("?#"), 200)));
  const auto scheme = text.find("://");
  const auto at = text.rfind('@');
  if (scheme != std::string::npos && at != std::string::npos && at > scheme)
    text.erase(scheme + 3, at - scheme - 2);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

}  // namespace

std::string device_of(std::string_view url) {
  return std::string(url.substr(0, authority_end(url)));
}

std::string target_of(std::string_view url) {
  auto target = std::string(url.substr(authority_end(url)));
  target.erase(std::min(target.find('#'), target.size()));
  return target.starts_with('/') ? target : "/" + target;
}

std::string explain_curl(const PollAttempt& attempt, int curl_code) {
  const auto& device = attempt.device;
  switch (curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return fmt::format("the name in {} is not known to this network: write the device's address", device);
    case CURLE_COULDNT_CONNECT:
      return fmt::format("{} cannot be reached ({}): has the device power and network, is the url right?",
                         device, attempt.detail);
    case CURLE_OPERATION_TIMEDOUT:
      return fmt::format("{} did not answer in time ({}): is it overloaded or badly connected?", device,
                         attempt.detail);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return fmt::format(
          "{} shows another key than the one pinned in links.d/{}.conf, so nothing was sent to it: if the "
          "device "
          "was replaced, reset or updated, `lintel pin {}` prints the new one; if not, somebody is in "
          "between",
          device, attempt.link, device);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return fmt::format(
          "the certificate of {} is not vouched for by ca_file ({}): check both, or pin its key", device,
          attempt.detail);
    case CURLE_SSL_CACERT_BADFILE:
      return fmt::format("ca_file of links.d/{}.conf cannot be read ({})", attempt.link, attempt.detail);
    case CURLE_SSL_CONNECT_ERROR:
      return fmt::format("no encrypted connection to {} ({}): does it offer HTTPS on this port?", device,
                         attempt.detail);
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return fmt::format("the connection to {} ended in the middle of its answer ({})", device,
                         attempt.detail);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fmt::format("what answers at {} does not speak HTTP: is the port right?", device);
    default: return fmt::format("{} could not be asked: {}", device, attempt.detail);
  }
}

std::string explain_status(const PollAttempt& attempt, long status, std::string_view location) {
  const auto where = attempt.device + attempt.path;
  if (status == 401) {
    return attempt.user.empty()
               ? fmt::format("{} asks for credentials: check auth, user and secret of this link", where)
               : fmt::format("{} refuses user \"{}\": check user, secret and auth of this link", where,
                             attempt.user);
  }
  if (status == 403) {
    return fmt::format(
        "{} is forbidden to this user (403): give it the right to read counts, or another user", where);
  }
  if (status == 404) {
    return fmt::format("{} does not exist on the device (404): is the url right for its model and firmware?",
                       where);
  }
  if (status >= 300 && status < 400) {
    return fmt::format(
        "{} answers with a redirect to {}, which is not followed: if that is the right address, write it as "
        "url",
        where, location.empty() ? "nowhere" : shown(location));
  }
  return fmt::format("{} answers with status {}: see the device's own page or log", where, status);
}

std::string explain_first_contact(const PollAttempt& attempt, const DeviceKey& key) {
  return fmt::format(
      "the key of {} is not pinned yet, so nothing was sent to it. It shows certificate {} ({}); compare "
      "that "
      "with what the device's own page or a direct cable shows, then add to links.d/{}.conf: pin = {}",
      attempt.device, key.fingerprint, shown(key.subject), attempt.link, key.pin);
}

}  // namespace lintel::bridge::links
