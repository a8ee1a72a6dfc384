#include "firmware-bridge/links/device_key.hpp"

#include <array>
#include <memory>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "firmware-bridge/links/digests.hpp"

namespace lintel::bridge::links {

namespace {

template <auto Free>
struct With {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, With<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;

std::string text_of(const Bio& bio) {
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string fingerprint_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), hash.data(), &size);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", hash[i]);
  return text;
}

std::string pin_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  EVP_Digest(der, static_cast<std::size_t>(size), hash.data(), &length, EVP_sha256(), nullptr);
  OPENSSL_free(der);
  return "sha256//" + base64({reinterpret_cast<const char*>(hash.data()), length});
}

DeviceKey describe(X509* certificate) {
  DeviceKey key{pin_of(certificate), fingerprint_of(certificate), {}, {}};
  const Bio subject(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(subject.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  key.subject = text_of(subject);
  const Bio until(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(until.get(), X509_get0_notAfter(certificate));
  key.valid_until = text_of(until);
  return key;
}

}  // namespace

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

void prepare_look(CURL* curl, const std::string& url, std::chrono::milliseconds timeout) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
  // Nothing is believed and nothing is said here: the answer is only shown to a person.
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
}

std::optional<DeviceKey> key_seen(CURL* curl) {
  curl_certinfo* seen = nullptr;
  if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &seen) != CURLE_OK || seen == nullptr) return std::nullopt;
  if (seen->num_of_certs < 1) return std::nullopt;
  for (const auto* entry = seen->certinfo[0]; entry != nullptr; entry = entry->next) {
    const std::string_view line(entry->data);
    if (!line.starts_with("Cert:")) continue;
    const Bio bio(BIO_new_mem_buf(line.data() + 5, static_cast<int>(line.size() - 5)));
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate) return describe(certificate.get());
  }
  return std::nullopt;
}

Result<DeviceKey> look_at_key(const std::string& url, std::chrono::milliseconds timeout) {
  start_curl();
  const std::unique_ptr<CURL, With<curl_easy_cleanup>> curl(curl_easy_init());
  if (!curl) return fail(ErrorKind::transient, "libcurl could not be started");
  prepare_look(curl.get(), url, timeout);
  std::array<char, CURL_ERROR_SIZE> said{};
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, said.data());
  if (const auto code = curl_easy_perform(curl.get()); code != CURLE_OK) {
    return fail(ErrorKind::transient,
                fmt::format("no encrypted connection to {} ({}): check its address, and that it offers HTTPS",
                            url, said[0] != '\0' ? said.data() : curl_easy_strerror(code)));
  }
  if (auto key = key_seen(curl.get())) return *key;
  return fail(ErrorKind::transient, fmt::format("{} shows no certificate that can be read", url));
}

}  // namespace lintel::bridge::links
