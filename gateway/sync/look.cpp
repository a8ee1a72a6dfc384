#include "gateway/sync/look.hpp"

#include <arpa/inet.h>

#include <array>
#include <ctime>
#include <memory>

#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "gateway/sync/verify_time.hpp"

namespace lintel::sync {

namespace {

using Step = Look::Step;

std::string name_text(X509_NAME* name) {
  std::array<char, 256> text{};
  if (name == nullptr) return {};
  const int common =
      X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), static_cast<int>(text.size()));
  if (common > 0) return std::string(text.data());
  return X509_NAME_oneline(name, text.data(), static_cast<int>(text.size())) == nullptr ? std::string()
                                                                                        : text.data();
}

std::optional<UtcMs> instant(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  // Not timegm: a certificate may be valid for longer than a time_t of 32 bits lasts.
  const std::chrono::sys_days day = std::chrono::year{parts.tm_year + 1900} /
                                    std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)) /
                                    std::chrono::day(static_cast<unsigned>(parts.tm_mday));
  return UtcMs{day} + std::chrono::hours{parts.tm_hour} + std::chrono::minutes{parts.tm_min} +
         std::chrono::seconds{parts.tm_sec};
}

void read_certificate(X509_STORE_CTX* chain, Look& look) {
  X509* leaf = X509_STORE_CTX_get0_cert(chain);
  if (leaf == nullptr) return;
  look.subject = name_text(X509_get_subject_name(leaf));
  look.issuer = name_text(X509_get_issuer_name(leaf));
  look.valid_from = instant(X509_get0_notBefore(leaf));
  look.valid_until = instant(X509_get0_notAfter(leaf));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// `reached`: there was a connection when it went wrong.
Step step_of(CURLcode code, bool reached, bool tls) {
  switch (code) {
    case CURLE_OK: return Step::none;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Step::address;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return Step::name;
    case CURLE_COULDNT_CONNECT: return Step::connection;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return Step::trust;
    default: return reached && tls ? Step::trust : Step::connection;
  }
}

bool has_taken_time(CURL* curl, CURLINFO what) {
  curl_off_t at = 0;
  curl_easy_getinfo(curl, what, &at);
  return at > 0;
}

}  // namespace

std::string host_of(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parts(curl_url(), curl_url_cleanup);
  char* host = nullptr;
  if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parts.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return {};
  }
  std::string text(host);
  curl_free(host);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text;
}

Look look_at_server(const std::string& url, const HttpOptions& options, bool direct) {
  Look look;
  const auto host = host_of(url);
  look.literal = is_address(host);
  look.tls = url.starts_with("https://");
  start_curl();
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl || host.empty()) {
    look.failed = Step::address;
    look.detail = host.empty() ? "no host in it" : "libcurl could not be started";
    return look;
  }
  std::array<char, CURL_ERROR_SIZE> words{};
  std::string distrust;
  const VerifyChain verify = [&](X509_STORE_CTX* chain) {
    read_certificate(chain, look);
    const int trusted = verify_chain_at(chain, options.verify_at ? options.verify_at() : std::nullopt);
    if (trusted != 1) distrust = X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain));
    return trusted;
  };
  (void)verify_chains_with(curl.get(), verify);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_SSL_SESSIONID_CACHE, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  if (direct) curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  if (!options.ca_file.empty()) curl_easy_setopt(curl.get(), CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.client_cert.empty() && !why_not_private(options.client_key)) {
    curl_easy_setopt(curl.get(), CURLOPT_SSLCERT, options.client_cert.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_SSLKEY, options.client_key.c_str());
  }

  const auto code = curl_easy_perform(curl.get());
  char* ip = nullptr;
  if (curl_easy_getinfo(curl.get(), CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip != nullptr) look.ip = ip;
  look.failed = step_of(code, !look.ip.empty() || !look.subject.empty(), look.tls);
  if (code == CURLE_OPERATION_TIMEDOUT && !look.literal &&
      !has_taken_time(curl.get(), CURLINFO_NAMELOOKUP_TIME_T)) {
    look.failed = Step::name;
  }
  if (code != CURLE_OK) look.detail = words[0] != '\0' ? words.data() : curl_easy_strerror(code);
  if (!distrust.empty()) look.detail = distrust;
  return look;
}

}  // namespace lintel::sync
