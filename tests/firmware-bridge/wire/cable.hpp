#pragma once

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include <doctest/doctest.h>

namespace lintel::test {

/// A serial cable between two ttys, which can be made to damage what it carries.
class Cable {
 public:
  explicit Cable(unsigned seed) : random_(seed), thread_([this] { carry(); }) {}
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;
  ~Cable() {
    stopping_ = true;
    thread_.join();
  }

  [[nodiscard]] const std::string& device_tty() const { return device_.name; }
  [[nodiscard]] const std::string& gateway_tty() const { return gateway_.name; }
  void bad(bool is) { bad_ = is; }

 private:
  /// The slave stays open here, so that the line survives the processes at its ends.
  struct End {
    End() : master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
      REQUIRE(master >= 0);
      REQUIRE(::grantpt(master) == 0);
      REQUIRE(::unlockpt(master) == 0);
      std::array<char, 64> text{};
      REQUIRE(::ptsname_r(master, text.data(), text.size()) == 0);
      name = text.data();
      slave = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
      termios raw{};
      REQUIRE(::tcgetattr(slave, &raw) == 0);
      ::cfmakeraw(&raw);
      REQUIRE(::tcsetattr(slave, TCSANOW, &raw) == 0);
    }
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() {
      ::close(slave);
      ::close(master);
    }
    int master, slave = -1;
    std::string name;
  };

  void carry() {
    while (!stopping_) {
      std::array<pollfd, 2> ends{{{device_.master, POLLIN, 0}, {gateway_.master, POLLIN, 0}}};
      ::poll(ends.data(), ends.size(), 20);
      pass(device_.master, gateway_.master);
      pass(gateway_.master, device_.master);
    }
  }

  void pass(int from, int to) {
    std::array<char, 512> buffer{};
    const ssize_t n = ::read(from, buffer.data(), buffer.size());
    if (n <= 0) return;
    std::string bytes(buffer.data(), static_cast<std::size_t>(n));
    if (bad_) damage(bytes);
    // What a full line does not take is lost, as on any.
    if (::write(to, bytes.data(), bytes.size()) < 0) return;
  }

  void damage(std::string& bytes) {
    const auto below = [this](std::size_t most) { return random_() % most; };
    switch (below(8)) {
      case 0: bytes[below(bytes.size())] = static_cast<char>(random_()); break;
      case 1: bytes.erase(below(bytes.size()), 1 + below(8)); break;
      case 2: bytes += bytes; break;
      case 3: bytes.resize(below(bytes.size())); break;
      case 4: bytes = std::string(1 + below(60), static_cast<char>(random_())) + bytes; break;
      default: break;
    }
  }

  End device_, gateway_;
  std::mt19937 random_;
  std::atomic<bool> bad_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace lintel::test
