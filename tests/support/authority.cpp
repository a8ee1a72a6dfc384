#include "tests/support/authority.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace lintel::test {

namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot ") + what);
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  must(extension != nullptr, "make an extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* certificate_of(const std::string& name, EVP_PKEY* key, UtcMs from, UtcMs to, long serial) {
  X509* made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  ASN1_TIME_set(X509_getm_notBefore(made), count_ms(from) / 1000);
  ASN1_TIME_set(X509_getm_notAfter(made), count_ms(to) / 1000);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_pubkey(made, key);
  return made;
}

UtcMs year(int number) {
  return std::chrono::sys_days{std::chrono::year{number} / 1 / 1};
}

}  // namespace

Authority::Authority()
    : key_(EVP_EC_gen("P-256")),
      certificate_(certificate_of("lintel test authority", key_, year(2000), year(2037), 1)) {
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  extend(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate_, certificate_, NID_subject_key_identifier, "hash");
  must(X509_sign(certificate_, key_, EVP_sha256()) > 0, "sign the authority's certificate");
}

Authority::~Authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

void Authority::write(const std::filesystem::path& file) const {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(file.c_str(), "we"), &std::fclose);
  must(out && PEM_write_X509(out.get(), certificate_) == 1, "write the authority's certificate");
}

void Authority::issue(const std::string& name, const std::filesystem::path& certificate,
                      const std::filesystem::path& key) const {
  EVP_PKEY* own = EVP_EC_gen("P-256");
  X509* made = certificate_of(name, own, year(2000), year(2037), 3);
  X509_set_issuer_name(made, X509_get_subject_name(certificate_));
  extend(made, certificate_, NID_subject_alt_name, "DNS:" + name);
  must(X509_sign(made, key_, EVP_sha256()) > 0, "sign a client's certificate");
  {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(certificate.c_str(), "we"),
                                                              &std::fclose);
    must(out && PEM_write_X509(out.get(), made) == 1, "write a client's certificate");
  }
  {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen(key.c_str(), "we"), &std::fclose);
    must(out && PEM_write_PrivateKey(out.get(), own, nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "write a client's key");
  }
  std::filesystem::permissions(key, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  X509_free(made);
  EVP_PKEY_free(own);
}

void Authority::equip(SSL_CTX* context, const std::string& name, UtcMs from, UtcMs to) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = certificate_of(name, key, from, to, 2);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
  extend(certificate, certificate_, NID_subject_alt_name, "DNS:" + name);
  must(X509_sign(certificate, key_, EVP_sha256()) > 0, "sign the server's certificate");
  must(SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1,
       "use the server's certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
}

void Authority::guard(SSL_CTX* context) const {
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate_);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace lintel::test
