#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/control.hpp"
#include "gateway/status/snapshot.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestAnswer = 16 << 20;

/// A non-blocking stream to the daemon with one deadline for all it does.
class Line {
 public:
  Line(int fd, Clock::time_point deadline) : fd_(fd), deadline_(deadline) {}
  ~Line() { ::close(fd_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (!may_go_on(POLLOUT)) {
        return false;
      }
    }
    return true;
  }

  /// All bytes up to the line's end; shorter when the other side stopped.
  std::string receive() {
    std::string text;
    std::array<char, 16384> piece{};
    while (!text.ends_with('\n') && text.size() < kLongestAnswer) {
      const auto got = ::recv(fd_, piece.data(), piece.size(), 0);
      if (got > 0) {
        text.append(piece.data(), static_cast<std::size_t>(got));
      } else if (got == 0 || !may_go_on(POLLIN)) {
        break;
      }
    }
    return text;
  }

 private:
  bool may_go_on(short event) {
    if (errno == EINTR) return true;
    if (errno != EAGAIN) return false;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    pollfd wait{fd_, event, 0};
    return left > 0 && (::poll(&wait, 1, static_cast<int>(left)) > 0 || errno == EINTR);
  }

  int fd_;
  Clock::time_point deadline_;
};

tl::unexpected<Error> cannot_connect(const std::string& path, int error) {
  if (error == EAGAIN) {
    return fail(ErrorKind::transient, fmt::format("the gateway at {} is too busy to answer", path));
  }
  if (error == EACCES || error == EPERM) {
    return fail(ErrorKind::rejected,
                fmt::format("no permission to ask the gateway at {}: run this as root or as its user", path));
  }
  return fail(ErrorKind::misconfigured,
              fmt::format("no gateway is running at {}: {}", path, std::generic_category().message(error)));
}

}  // namespace

Result<json> ask(const std::filesystem::path& path, const json& request, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto name = path.string();
  if (name.size() >= sizeof address.sun_path) return cannot_connect(name, ENAMETOOLONG);
  std::memcpy(address.sun_path, name.c_str(), name.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return cannot_connect(name, errno);
  Line stream(fd, Clock::now() + timeout);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return cannot_connect(name, errno);
  }
  std::string text;
  if (stream.send(dump(request) + "\n")) text = stream.receive();
  const auto answer = json::parse(text, nullptr, false);
  if (!answer.is_object() || !answer.contains("ok")) {
    return fail(ErrorKind::transient, fmt::format("the gateway at {} is running, but does not answer", name));
  }
  if (answer["ok"] != true)
    return fail(ErrorKind::rejected, answer.value("error", "refused without a reason"));
  return answer.value("result", json(nullptr));
}

}  // namespace lintel::status
