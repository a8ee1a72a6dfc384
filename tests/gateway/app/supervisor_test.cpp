// What the service manager hears, on a socket of the kind that systemd gives to a Type=notify service.
#include "gateway/app/supervisor.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using namespace lintel;
using namespace std::chrono_literals;

/// The manager's end.
class Manager {
 public:
  Manager() : path_((dir_.path() / "notify").string()), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path_.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path_.data(), path_.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Manager() { ::close(fd_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::filesystem::path& folder() const { return dir_.path(); }

  /// The next message, empty if none comes within `limit`.
  std::string next(std::chrono::milliseconds limit) {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(limit.count())) != 1) return {};
    char bytes[4096];
    const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
    return n < 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(n));
  }

 private:
  test::TempDir dir_;
  std::string path_;
  int fd_;
};

}  // namespace

TEST_CASE("supervisor: the service manager is told of the start, of life, and of the end") {
  Manager manager;
  const app::Supervisor supervisor(manager.path(), 180s);
  supervisor.ready("2 links");
  CHECK(manager.next(0ms) == "READY=1\nSTATUS=2 links");
  CHECK(supervisor.rhythm() == 45s);
  CHECK(supervisor.pulse(1s));
  CHECK(manager.next(0ms) == "WATCHDOG=1");
  supervisor.stopping();
  CHECK(manager.next(0ms).starts_with("STOPPING=1\n"));
}

TEST_CASE("supervisor: a writer that stands still is not covered up") {
  Manager manager;
  const app::Supervisor supervisor(manager.path(), 180s);
  CHECK(supervisor.pulse(90s));
  CHECK(manager.next(0ms) == "WATCHDOG=1");
  CHECK_FALSE(supervisor.pulse(91s));
  CHECK(manager.next(0ms).empty());
}

TEST_CASE("supervisor: without a service manager, or one that does not wait, nothing happens") {
  Manager manager;
  const app::Supervisor nobody;
  nobody.ready("");
  CHECK_FALSE(nobody.rhythm().has_value());
  CHECK_FALSE(nobody.pulse(0s));
  const app::Supervisor patient(manager.path(), std::nullopt);
  CHECK_FALSE(patient.rhythm().has_value());
  CHECK_FALSE(patient.pulse(0s));
  CHECK(manager.next(0ms).empty());
}

TEST_CASE("supervisor: the gateway says that it is ready, that it lives, and that it stops") {
  Manager manager;
  const auto& dir = manager.folder();
  std::ofstream(dir / "gateway.conf")
      << "[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten =\n";
  auto gateway =
      test::Process::spawn({LINTEL_BINARY, "run", "--config", (dir / "gateway.conf").string()},
                           {"NOTIFY_SOCKET=" + manager.path(), "WATCHDOG_USEC=400000"}, dir / "log");
  CHECK(manager.next(60s) == "READY=1\nSTATUS=0 links, 0 sensors listed");
  for (int i = 0; i < 3; ++i) CHECK(manager.next(60s) == "WATCHDOG=1");
  gateway.kill(SIGTERM);
  std::string last;
  while (last.empty() || last == "WATCHDOG=1") last = manager.next(60s);
  CHECK(last.starts_with("STOPPING=1\n"));
  CHECK(gateway.wait() == 0);
}
