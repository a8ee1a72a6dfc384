#include "gateway/app/supervisor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

namespace lintel::app {

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before there are threads
  return value == nullptr ? std::string_view() : value;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Supervisor Supervisor::from_environment() {
  std::optional<std::chrono::microseconds> watchdog;
  const auto usec = number(variable("WATCHDOG_USEC"));
  const auto pid = number(variable("WATCHDOG_PID"));
  if (usec && *usec > 0 && (!pid || *pid == ::getpid())) watchdog = std::chrono::microseconds{*usec};
  return {std::string(variable("NOTIFY_SOCKET")), watchdog};
}

void Supervisor::ready(std::string_view status) const {
  send(fmt::format("READY=1\nSTATUS={}", status));
}

void Supervisor::stopping() const {
  send("STOPPING=1\nSTATUS=storing what was received");
}

std::optional<std::chrono::milliseconds> Supervisor::rhythm() const {
  if (socket_.empty() || !watchdog_) return std::nullopt;
  return std::max(std::chrono::milliseconds{1},
                  std::chrono::floor<std::chrono::milliseconds>(*watchdog_ / 4));
}

bool Supervisor::pulse(std::chrono::milliseconds still) const {
  if (!rhythm() || still > *watchdog_ / 2) return false;
  send("WATCHDOG=1");
  return true;
}

void Supervisor::send(std::string_view text) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the shape of the socket interface
  (void)::sendto(fd, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 length);
  ::close(fd);
}

}  // namespace lintel::app
