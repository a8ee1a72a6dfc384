#include "firmware-bridge/links/mqtt_socket.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>

namespace lintel::bridge::links {

namespace {

std::uint16_t peer_port(int fd) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return 0;
  if (peer.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port);
  if (peer.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port);
  return 0;
}

}  // namespace

int shut_down_connections_to(std::uint16_t port) noexcept {
  int found = 0;
  DIR* fds = ::opendir("/proc/self/fd");
  if (fds == nullptr) return 0;
  while (const dirent* entry = ::readdir(fds)) {  // NOLINT(concurrency-mt-unsafe): the stream is ours alone
    const int fd = std::atoi(entry->d_name);
    if (fd <= 2 || peer_port(fd) != port) continue;
    ::shutdown(fd, SHUT_RDWR);
    ++found;
  }
  ::closedir(fds);
  return found;
}

}  // namespace lintel::bridge::links
