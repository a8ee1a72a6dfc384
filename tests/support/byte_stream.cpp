#include "tests/support/byte_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <openssl/ssl.h>

namespace lintel::test {

namespace {

/// Of a head that is complete; 0 without the line.
std::size_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto found = std::search(head.begin(), head.end(), kName.begin(), kName.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
  if (found == head.end()) return 0;
  return std::strtoull(&*found + kName.size(), nullptr, 10);
}

}  // namespace

ByteStream::ByteStream(int socket, SSL_CTX* context) : socket_(socket) {
  const int now = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &now, sizeof now);
  if (context == nullptr) return;
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, socket_);
}

std::unique_ptr<ByteStream> ByteStream::connect(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return nullptr;
  }
  return std::make_unique<ByteStream>(socket, nullptr);
}

ByteStream::~ByteStream() {
  SSL_free(tls_);
  close();
}

bool ByteStream::handshake() {
  if (tls_ == nullptr || SSL_accept(tls_) == 1) return true;
  // The client is to read why, as servers have it: a connection that is reset takes the alert with it.
  ::shutdown(socket_, SHUT_WR);
  char rest[1000];
  while (::recv(socket_, rest, sizeof rest, 0) > 0) continue;
  return false;
}

bool ByteStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string ByteStream::read() {
  char bytes[16'384];
  const auto got =
      tls_ != nullptr ? SSL_read(tls_, bytes, sizeof bytes) : ::recv(socket_, bytes, sizeof bytes, 0);
  return got <= 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(got));
}

std::optional<std::string> ByteStream::read_message() {
  for (;;) {
    const auto head = ahead_.find("\r\n\r\n");
    if (head != std::string::npos) {
      const auto whole = head + 4 + content_length(std::string_view(ahead_).substr(0, head + 4));
      if (ahead_.size() >= whole) {
        auto message = ahead_.substr(0, whole);
        ahead_.erase(0, whole);
        return message;
      }
    }
    const auto more = read();
    if (more.empty()) return std::nullopt;
    ahead_ += more;
  }
}

void ByteStream::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void ByteStream::close() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void ByteStream::interrupt() {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace lintel::test
