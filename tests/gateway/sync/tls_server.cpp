#include "tests/gateway/sync/tls_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

#include <openssl/ssl.h>

namespace lintel::test {

namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot ") + what);
}

}  // namespace

TlsServer::TlsServer(const Authority& authority, const std::string& name, UtcMs from, UtcMs to,
                     std::string headers, const Authority* clients)
    : context_(SSL_CTX_new(TLS_server_method())), headers_(std::move(headers)) {
  authority.equip(context_, name, from, to);
  if (clients != nullptr) clients->guard(context_);

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
