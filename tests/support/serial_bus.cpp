#include "tests/support/serial_bus.hpp"

// Linux's own terminal structure, the one that knows odd rates; it cannot stand beside <termios.h>.
#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace lintel::test {

namespace {

void check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

void write_all(int fd, const std::string& bytes) {
  if (fd >= 0) (void)!::write(fd, bytes.data(), bytes.size());
}

std::string read_some(int fd) {
  std::array<char, 512> bytes{};
  const auto got = ::read(fd, bytes.data(), bytes.size());
  return got > 0 ? std::string(bytes.data(), static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

SerialBus::SerialBus(std::filesystem::path link) : link_(std::move(link)) {
  plug();
  thread_ = std::thread([this] { pump(); });
}

SerialBus::~SerialBus() {
  stopping_ = true;
  thread_.join();
  close_port(near_);
  for (auto& port : far_) close_port(port);
}

SerialBus::Port SerialBus::make_port() {
  Port port;
  port.master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  check(port.master >= 0 && ::grantpt(port.master) == 0 && ::unlockpt(port.master) == 0,
        "no pseudo terminal");
  std::array<char, 64> name{};
  check(::ptsname_r(port.master, name.data(), name.size()) == 0, "no name of a pseudo terminal");
  port.name = name.data();
  port.tty = ::open(port.name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios2 settings{};
  check(::ioctl(port.tty, TCGETS2, &settings) == 0, "no terminal settings");
  settings.c_lflag = 0;  // a terminal would echo what comes before anybody has opened it
  settings.c_iflag = 0;
  settings.c_oflag = 0;
  check(::ioctl(port.tty, TCSETS2, &settings) == 0, "no raw terminal");
  return port;
}

void SerialBus::close_port(Port& port) {
  if (port.tty >= 0) ::close(port.tty);
  if (port.master >= 0) ::close(port.master);
  port = {};
}

std::string SerialBus::attach() {
  const std::lock_guard lock(mutex_);
  far_.push_back(make_port());
  return far_.back().name;
}

void SerialBus::say(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  write_all(near_.master, change_ ? change_(bytes, rate()) : bytes);
}

void SerialBus::unplug() {
  const std::lock_guard lock(mutex_);
  std::filesystem::remove(link_);
  close_port(near_);
}

void SerialBus::plug() {
  const std::lock_guard lock(mutex_);
  near_ = make_port();
  std::filesystem::create_symlink(near_.name, link_);
}

void SerialBus::echo(bool yes) {
  const std::lock_guard lock(mutex_);
  echo_ = yes;
}

void SerialBus::disturb(Change change) {
  const std::lock_guard lock(mutex_);
  change_ = std::move(change);
}

std::string SerialBus::said() const {
  const std::lock_guard lock(mutex_);
  return said_;
}

unsigned SerialBus::baud() const {
  const std::lock_guard lock(mutex_);
  return rate();
}

unsigned SerialBus::rate() const {
  termios2 settings{};
  return ::ioctl(near_.master, TCGETS2, &settings) == 0 ? settings.c_ospeed : 0;
}

void SerialBus::from_gateway(const std::string& bytes) {
  said_ += bytes;
  if (echo_) write_all(near_.master, bytes);
  for (const auto& port : far_) write_all(port.master, bytes);
}

void SerialBus::from_device(std::size_t which, const std::string& bytes) {
  for (std::size_t i = 0; i < far_.size(); ++i)
    if (i != which) write_all(far_[i].master, bytes);
  write_all(near_.master, change_ ? change_(bytes, rate()) : bytes);
}

void SerialBus::pump() {
  while (!stopping_) {
    std::vector<pollfd> sources;
    {
      const std::lock_guard lock(mutex_);
      if (near_.master >= 0) sources.push_back({near_.master, POLLIN, 0});
      for (const auto& port : far_) sources.push_back({port.master, POLLIN, 0});
    }
    (void)::poll(sources.data(), sources.size(), 10);
    const std::lock_guard lock(mutex_);
    if (near_.master >= 0) {
      if (const auto bytes = read_some(near_.master); !bytes.empty()) from_gateway(bytes);
    }
    for (std::size_t i = 0; i < far_.size(); ++i) {
      if (const auto bytes = read_some(far_[i].master); !bytes.empty()) from_device(i, bytes);
    }
  }
}

}  // namespace lintel::test
