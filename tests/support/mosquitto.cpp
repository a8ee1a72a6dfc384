#include "tests/support/mosquitto.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/eventually.hpp"

namespace lintel::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/mosquitto";

bool accepts_connections(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

std::string user_name() {
  passwd entry{};
  passwd* found = nullptr;
  std::string buffer(4096, '\0');
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : "root";
}

void write_config(const std::filesystem::path& file, const std::filesystem::path& dir, int port,
                  const std::string& extra) {
  std::ofstream out(file);
  out << "listener " << port << " 127.0.0.1\n"
      << "user " << user_name() << "\n"  // started by root it would become `mosquitto` and lose the directory
      << "persistence true\n"
      << "persistence_location " << dir.string() << "/\n"
      << "max_queued_messages 0\n"
      << "log_dest stderr\n"
      << "log_type error\nlog_type warning\nlog_type notice\n";
  if (extra.find("allow_anonymous") == std::string::npos) out << "allow_anonymous true\n";
  out << extra << "\n";
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

bool Mosquitto::available() {
  return ::access(kProgram, X_OK) == 0;
}

Mosquitto::Mosquitto(const std::filesystem::path& dir, int port)
    : config_(dir / "mosquitto.conf"), log_(dir / "mosquitto.log"), port_(port) {}

Mosquitto Mosquitto::start(const std::filesystem::path& dir, const std::string& extra_config) {
  // Another test may take the free port before the broker does: try others.
  for (int attempt = 0; attempt < 5; ++attempt) {
    Mosquitto broker(dir, free_port());
    write_config(broker.config_, dir, broker.port_, extra_config);
    if (broker.come_up()) return broker;
  }
  throw std::runtime_error("mosquitto did not come up: " + text_of(dir / "mosquitto.log"));
}

bool Mosquitto::come_up() {
  process_ = Process::spawn({kProgram, "-c", config_.string()}, {}, log_);
  const bool settled = eventually([this] { return !process_.running() || accepts_connections(port_); },
                                  std::chrono::seconds(20));
  return settled && process_.running();
}

void Mosquitto::stop() {
  process_.kill(SIGTERM);
  process_.wait();
}

void Mosquitto::kill9() {
  process_.kill(SIGKILL);
  process_.wait();
}

void Mosquitto::save() {
  process_.kill(SIGUSR1);
}

void Mosquitto::restart() {
  stop();
  if (!come_up()) throw std::runtime_error("mosquitto did not come back: " + text_of(log_));
}

}  // namespace lintel::test
