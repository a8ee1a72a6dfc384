#include "tests/support/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "tests/support/eventually.hpp"

namespace lintel::test {
namespace {

[[noreturn]] void raise_errno(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& s : strings) result.push_back(const_cast<char*>(s.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> result = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string value = *entry;
    const std::string name = value.substr(0, value.find('=') + 1);
    bool replaced = false;
    for (const std::string& a : added) replaced = replaced || a.starts_with(name);
    if (!replaced) result.push_back(value);
  }
  return result;
}

// Runs between fork and exec: only async-signal-safe calls.
[[noreturn]] void become(char* const* argv, char* const* env, const char* out_file, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(out_file, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (in >= 0 && out >= 0 && ::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(out, 2) >= 0) {
    ::execvpe(argv[0], argv, env);
  }
  const int error = errno;
  const ssize_t ignored = ::write(report, &error, sizeof error);
  ::_exit(ignored == sizeof error ? 127 : 126);
}

}  // namespace

Process Process::spawn(const std::vector<std::string>& argv, const std::vector<std::string>& env,
                       const std::filesystem::path& out_file) {
  const std::vector<std::string> full_env = environment_with(env);
  const std::string out = out_file.empty() ? "/dev/null" : out_file.string();
  const std::vector<char*> argv_pointers = pointers(argv);
  const std::vector<char*> env_pointers = pointers(full_env);
  std::array<int, 2> report{};  // closes by itself when exec succeeds
  if (::pipe2(report.data(), O_CLOEXEC) != 0) raise_errno(errno, "pipe");
  const pid_t pid = ::fork();
  if (pid == 0) become(argv_pointers.data(), env_pointers.data(), out.c_str(), report[1]);
  const int fork_error = errno;
  ::close(report[1]);
  int error = 0;
  const ssize_t told = pid < 0 ? 0 : ::read(report[0], &error, sizeof error);
  ::close(report[0]);
  if (pid < 0) raise_errno(fork_error, "fork");
  Process process(pid);
  if (told == sizeof error) raise_errno(error, "cannot start " + argv.front());
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(std::exchange(other.status_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(status_, other.status_);
  return *this;
}

Process::~Process() {
  if (pid_ < 0) return;
  kill(SIGKILL);
  wait();
}

bool Process::reap(int options) {
  if (pid_ < 0 || status_) return true;
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid_, &status, options);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return false;
  status_ = got < 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

bool Process::running() {
  return !reap(WNOHANG);
}

void Process::kill(int signal) {
  if (running()) ::kill(pid_, signal);
}

int Process::wait() {
  reap(0);
  return status_.value_or(-1);
}

std::optional<int> Process::wait_for(std::chrono::milliseconds limit) {
  if (!eventually([this] { return reap(WNOHANG); }, limit)) return std::nullopt;
  return status_;
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) raise_errno(errno, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  const int error = errno;
  ::close(fd);
  if (!bound) raise_errno(error, "bind");
  return ntohs(address.sin_port);
}

}  // namespace lintel::test
