#include "tests/gateway/sync/tls_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
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
      certificate_(certificate_of("lintel test authority", key_, year(2000), year(2049), 1)) {
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
  X509* made = certificate_of(name, own, year(2000), year(2049), 3);
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

TlsServer::TlsServer(const Authority& authority, const std::string& name, UtcMs from, UtcMs to,
                     std::string headers, const Authority* clients)
    : context_(SSL_CTX_new(TLS_server_method())), headers_(std::move(headers)) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = certificate_of(name, key, from, to, 2);
  X509_set_issuer_name(certificate, X509_get_subject_name(authority.certificate_));
  extend(certificate, authority.certificate_, NID_subject_alt_name, "DNS:" + name);
  must(X509_sign(certificate, authority.key_, EVP_sha256()) > 0, "sign the server's certificate");
  must(SSL_CTX_use_certificate(context_, certificate) == 1 && SSL_CTX_use_PrivateKey(context_, key) == 1,
       "use the server's certificate");
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (clients != nullptr) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), clients->certificate_);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }

  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(listener_, 8) == 0 &&
           ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
       "listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TlsServer::~TlsServer() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
  SSL_CTX_free(context_);
}

void TlsServer::serve() {
  while (!stop_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 50) <= 0) continue;
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) continue;
    const timeval patience{5, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    SSL* tls = SSL_new(context_);
    SSL_set_fd(tls, socket);
    std::string request;
    char bytes[2000];
    if (SSL_accept(tls) == 1) {
      for (int n = 1; n > 0 && request.find("\r\n\r\n") == std::string::npos;) {
        n = SSL_read(tls, bytes, sizeof bytes);
        if (n > 0) request.append(bytes, static_cast<std::size_t>(n));
      }
      const auto answer =
          "HTTP/1.1 401 Unauthorized\r\n" + headers_ + "Content-Length: 0\r\nConnection: close\r\n\r\n";
      asked_ = request;
      SSL_write(tls, answer.data(), static_cast<int>(answer.size()));
      ++requests_;
      SSL_shutdown(tls);
    } else {
      // The client is to read why, as servers have it: a connection that is reset takes the alert with it.
      ::shutdown(socket, SHUT_WR);
      while (::recv(socket, bytes, sizeof bytes, 0) > 0) {
      }
    }
    SSL_free(tls);
    ::close(socket);
  }
}

}  // namespace lintel::test
