#include "gateway/enrol/identity_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace lintel::enrol {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargest = 65'536;
constexpr std::size_t kLargestToken = 4'096;
constexpr std::chrono::milliseconds kLook{50};

std::string why() {
  return std::generic_category().message(errno);
}

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// What root makes for a gateway that runs as somebody else has to be that user's.
void give_to_owner(int fd, const fs::path& dir) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(dir.c_str(), &owner) != 0) return;
  (void)!::fchown(fd, owner.st_uid, owner.st_gid);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Empty and errno where it cannot be read.
std::optional<std::string> read_all(const fs::path& file, std::size_t most) {
  const File in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in.ok()) return std::nullopt;
  std::string out;
  char bytes[4096];
  while (out.size() < most) {
    const auto n = ::read(in.get(), bytes, std::min(sizeof bytes, most - out.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    out.append(bytes, static_cast<std::size_t>(n));
  }
  return out;
}

bool flush_directory(const fs::path& dir) {
  const File at(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return at.ok() && ::fsync(at.get()) == 0;
}

}  // namespace

IdentityFile::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<IdentityFile::Lock> IdentityFile::lock(std::chrono::milliseconds patience) const {
  std::error_code error;
  fs::create_directories(dir_, error);
  const auto file = dir_ / "identity.lock";
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("cannot write in the state directory {}: {}; run this as root or as the user that "
                    "lintel runs as, or check [gateway] state_dir",
                    dir_.string(), error ? error.message() : why()));
  }
  give_to_owner(fd, dir_);
  Lock lock(fd);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= until) {
      return fail(ErrorKind::transient,
                  fmt::format("another lintel is asking HQ with the identity in {}: try again in a minute",
                              dir_.string()));
    }
    std::this_thread::sleep_for(kLook);
  }
  return lock;
}

Result<Identity> IdentityFile::read() const {
  const auto text = read_all(path(), kLargest);
  if (!text && errno == ENOENT) return Identity{};
  if (!text) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("the identity {} cannot be read ({}): run this as root or as the user that lintel "
                    "runs as; the file has to belong to that user",
                    path().string(), why()));
  }
  auto identity = parse_identity(*text);
  if (identity) return identity;
  return fail(
      ErrorKind::corrupt,
      fmt::format("the identity {} is damaged: enrol this card again with a new token from HQ (lintel "
                  "provision)",
                  path().string()));
}

Result<void> IdentityFile::write(const Identity& identity) const {
  const auto beside = fs::path(path().string() + ".new");
  const auto failed = [&] {
    return fail(ErrorKind::transient, fmt::format("the identity {} could not be written: {}; check that the "
                                                  "disk is not full and the card not read-only",
                                                  path().string(), why()));
  };
  {
    const File out(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out.ok() || ::fchmod(out.get(), 0600) != 0) return failed();
    give_to_owner(out.get(), dir_);
    if (!write_all(out.get(), to_text(identity)) || ::fsync(out.get()) != 0) return failed();
  }
  if (::rename(beside.c_str(), path().c_str()) != 0 || !flush_directory(dir_)) return failed();
  return {};
}

Result<fs::path> IdentityFile::set_aside() const {
  for (int n = 1;; ++n) {
    auto aside = fs::path(fmt::format("{}.damaged-{}", path().string(), n));
    std::error_code error;
    if (fs::exists(aside, error)) continue;
    fs::rename(path(), aside, error);
    if (!error) return aside;
    return fail(ErrorKind::misconfigured,
                fmt::format("cannot rename {}: {}", path().string(), error.message()));
  }
}

std::string IdentityFile::mark() const {
  struct stat there {};
  if (::stat(path().c_str(), &there) != 0) return fmt::format("none {}", errno);
  return fmt::format("{} {} {} {}", there.st_ino, there.st_size, there.st_mtim.tv_sec, there.st_mtim.tv_nsec);
}

Result<std::optional<std::string>> read_token_file(const fs::path& file) {
  auto text = read_all(file, kLargestToken);
  if (text || errno == ENOENT || errno == ENOTDIR) return text;
  return fail(ErrorKind::misconfigured,
              fmt::format("the enrolment token in {} cannot be read ({}): it has to belong to the user that "
                          "lintel runs as",
                          file.string(), why()));
}

Result<void> destroy(const fs::path& file) {
  struct stat there {};
  {
    const File out(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (out.ok() && ::fstat(out.get(), &there) == 0) {
      const auto size = std::min<std::size_t>(static_cast<std::size_t>(there.st_size), kLargest);
      (void)write_all(out.get(), std::string(size, '0'));
      (void)::fsync(out.get());
    }
  }
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) {
    (void)flush_directory(file.parent_path());
    return {};
  }
  return fail(ErrorKind::misconfigured, fmt::format("the enrolment token in {} has been used and cannot be "
                                                    "removed ({}): remove it yourself",
                                                    file.string(), why()));
}

}  // namespace lintel::enrol
