#include "tests/support/http_device.hpp"

#include <sys/socket.h>

#include <algorithm>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace lintel::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

std::string pem(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, void (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  write(bio.get());
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace

DeviceIdentity DeviceIdentity::make(const std::string& name) {
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600L * 48);
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("counter"),
                             -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
  X509_add_ext(certificate.get(), names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  return {pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          }),
          pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); })};
}

HttpDevice::HttpDevice(Script script, std::optional<DeviceIdentity> identity, std::uint16_t port)
    : script_(std::move(script)),
      identity_(std::move(identity)),
      acceptor_(context_, {asio::ip::address_v4::loopback(), port}) {
  port_ = acceptor_.local_endpoint().port();
  thread_ = std::thread([this] { accept(); });
}

HttpDevice::~HttpDevice() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  changed_.notify_all();
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  thread_.join();
}

std::string HttpDevice::url(const std::string& target) const {
  return fmt::format("{}://127.0.0.1:{}{}", identity_ ? "https" : "http", port_, target);
}

void HttpDevice::accept() {
  for (error_code error;;) {
    asio::ip::tcp::socket socket(context_);
    acceptor_.accept(socket, error);
    if (error) break;
    talks_.emplace_back([this, moved = std::move(socket)]() mutable { serve(std::move(moved)); });
  }
  for (auto& talk : talks_) talk.join();
}

void HttpDevice::serve(asio::ip::tcp::socket socket) {
  const int handle = socket.native_handle();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    sockets_.insert(handle);
  }
  if (identity_) {
    asio::ssl::context tls(asio::ssl::context::tls_server);
    tls.use_certificate_chain(asio::buffer(identity_->certificate));
    tls.use_private_key(asio::buffer(identity_->key), asio::ssl::context::pem);
    asio::ssl::stream<asio::ip::tcp::socket&> stream(socket, tls);
    error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    if (!error) talk(stream);
  } else {
    talk(socket);
  }
  const std::lock_guard lock(mutex_);
  sockets_.erase(handle);
}

template <class Stream>
void HttpDevice::talk(Stream& stream) {
  boost::beast::flat_buffer buffer;
  for (error_code error;;) {
    Request request;
    http::read(stream, buffer, request, error);
    if (error) return;
    ++requests_;
    most_ = std::max<int>(most_, ++busy_);
    Answer said;
    {
      const std::lock_guard lock(script_mutex_);
      said = script_(request);
    }
    --busy_;
    asio::write(stream, asio::buffer(said.bytes), error);
    if (said.then == Answer::Then::hold) hold();
    if (error || said.then != Answer::Then::next) return;
  }
}

void HttpDevice::hold() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_; });
}

std::string answer(int status, const std::string& body, const std::string& type, const std::string& extra) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}\r\n{}", status,
                     std::string(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)))),
                     type, body.size(), extra, body);
}

}  // namespace lintel::test
