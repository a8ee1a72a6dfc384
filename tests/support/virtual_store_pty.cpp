#include "tests/support/virtual_store_pty.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace lintel::test {

namespace {

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

SerialDevice::SerialDevice(const std::filesystem::path& link)
    : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)), link_(link) {
  char name[128];
  if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0 ||
      ::ptsname_r(master_, name, sizeof name) != 0)
    refuse("cannot make a pseudo terminal");
  // Opened and closed once, so that the kernel tells from now on whether anybody has it open.
  const int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios settings{};
  if (slave < 0 || ::tcgetattr(slave, &settings) != 0) refuse("cannot open the pseudo terminal");
  ::cfmakeraw(&settings);
  ::tcsetattr(slave, TCSANOW, &settings);
  ::close(slave);
  ::chmod(name, 0660);
  std::filesystem::create_directories(link_.parent_path());
  std::filesystem::remove(link_);
  std::filesystem::create_symlink(name, link_);
}

SerialDevice::~SerialDevice() {
  std::error_code ignored;
  std::filesystem::remove(link_, ignored);
  ::close(master_);
}

bool SerialDevice::listened_to() const {
  pollfd state{master_, 0, 0};
  return ::poll(&state, 1, 0) >= 0 && (state.revents & POLLHUP) == 0;
}

bool SerialDevice::write_line(std::string_view line) {
  if (!listened_to()) return false;
  return ::write(master_, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace lintel::test
