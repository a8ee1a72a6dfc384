// The whole way inside a machine of its own: a door counts on a serial line, the gateway in the guest sends
// it to headquarters on the host.
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/image/mini_vm/mini_vm.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

/// The far end of the guest's line.
class Line {
 public:
  explicit Line(const std::filesystem::path& tty) : fd_(::open(tty.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    REQUIRE_MESSAGE(fd_ >= 0, tty.string());
    termios raw{};
    REQUIRE(::tcgetattr(fd_, &raw) == 0);
    ::cfmakeraw(&raw);
    REQUIRE(::tcsetattr(fd_, TCSANOW, &raw) == 0);
  }
  ~Line() { ::close(fd_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  void say(const std::string& line) const {
    const auto text = line + "\r\n";
    REQUIRE(::write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }

 private:
  int fd_;
};

}  // namespace

TEST_CASE(
    "a machine that boots counts what its serial line says, and headquarters has it; also after a power "
    "cut") {
  RealHq hq;
  const TempDir dir;
  const auto config = dir.path() / "config";
  std::filesystem::create_directories(config / "links.d");
  std::filesystem::create_directories(config / "sensors.d");
  std::ofstream(config / "credential") << hq.token() << '\n';
  std::filesystem::permissions(config / "credential", std::filesystem::perms::owner_read);
  std::ofstream(config / "gateway.conf") << fmt::format(
      "[store]\nid = {}\ntimezone = Europe/Berlin\n[gateway]\nstate_dir = /data/state\nspool_dir = "
      "/run/spool\n"
      "[clock]\ntrust_system = yes\n[status]\nlisten =\n"
      "[hq]\nurl = http://10.0.2.2:{}\ncredential_file = /etc/lintel/credential\ninterval_seconds = 0.5\n",
      hq.sql().value("select public_id from data.stores"), hq.port());
  std::ofstream(config / "links.d" / "stockroom.conf")
      << "type = serial\ndevice = /dev/hvc0\ndecoder = tasmota-counter\n";
  std::ofstream(config / "sensors.d" / "door3.conf") << "serial = door3\nline = door in=C1 out=C2\n";

  MiniVm machine(dir.path(), LINTEL_BINARY, config);
  auto db = hq.sql();
  Passages totals{1000, 900};
  const auto say = [&](const Line& line) {
    line.say(
        tasmota_console_line("door3", std::chrono::floor<Millis>(std::chrono::system_clock::now()), totals));
  };
  const auto at_hq = [&](const char* column) {
    return db.value(fmt::format("select coalesce(sum({}), 0) from data.people_counting_raw", column));
  };
  const auto booted = std::chrono::steady_clock::now();
  machine.boot();
  {
    const Line line(machine.sensor_line());
    REQUIRE_MESSAGE(eventually(
                        [&] {
                          say(line);
                          std::this_thread::sleep_for(200ms);
                          return db.value("select count(*) from data.sensor_metadata") == "1";
                        },
                        300s),
                    machine.console());
    MESSAGE(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - booted)
                .count(),
            " ms from power on to a sensor that headquarters knows");
    totals = {1007, 903};
    say(line);
    CHECK_MESSAGE(eventually([&] { return at_hq("count_in") == "7" && at_hq("count_out") == "3"; }, 120s),
                  machine.console());
  }
  machine.cut();
  totals = {1012, 904};  // five came while the machine was dark: their total tells
  machine.boot();
  const Line line(machine.sensor_line());
  CHECK_MESSAGE(eventually(
                    [&] {
                      say(line);
                      std::this_thread::sleep_for(200ms);
                      return at_hq("count_in") == "12" && at_hq("count_out") == "4";
                    },
                    300s),
                machine.console());
  CHECK(machine.said("FOUND") == std::vector<std::string>{"ok"});
  machine.cut();
}
