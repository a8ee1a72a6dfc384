#include "tests/gateway/status/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace lintel::test {

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot connect to the server");
  }
  const timeval limit{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Client::Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), seen_(std::move(other.seen_)) {}

void Client::send(const std::string& bytes) const {
  (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

bool Client::more() {
  std::array<char, 65536> piece{};
  const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  seen_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Client::read_all() {
  while (more()) {
  }
  return std::exchange(seen_, {});
}

std::string Client::read_until(const std::string& mark) {
  auto found = seen_.find(mark);
  while (found == std::string::npos && more()) found = seen_.find(mark);
  if (found == std::string::npos) return std::exchange(seen_, {});
  auto result = seen_.substr(0, found + mark.size());
  seen_.erase(0, found + mark.size());
  return result;
}

void Client::say_no_more() const {
  ::shutdown(fd_, SHUT_WR);
}

void Client::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace lintel::test
