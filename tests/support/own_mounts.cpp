#include "tests/support/own_mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <vector>

namespace lintel::test {

namespace {

void must(bool done, const std::string& what) {
  if (!done) throw std::system_error(errno, std::generic_category(), "cannot " + what);
}

}  // namespace

bool own_mounts() {
  static const bool kOwn =
      ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return kOwn;
}

MountedOver::MountedOver(const std::filesystem::path& file, std::filesystem::path over)
    : over_(std::move(over)) {
  must(::mount(file.c_str(), over_.c_str(), nullptr, MS_BIND, nullptr) == 0,
       "mount " + file.string() + " over " + over_.string());
}

MountedOver::~MountedOver() {
  ::umount2(over_.c_str(), MNT_DETACH);
}

SmallDisk::SmallDisk(std::filesystem::path dir, int megabytes) : dir_(std::move(dir)) {
  std::filesystem::create_directories(dir_);
  const auto size = "size=" + std::to_string(megabytes) + "m";
  must(::mount("none", dir_.c_str(), "tmpfs", 0, size.c_str()) == 0,
       "mount a small disk at " + dir_.string());
}

SmallDisk::~SmallDisk() {
  ::umount2(dir_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() const {
  const int fd = ::open((dir_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  must(fd >= 0, "open a file in " + dir_.string());
  for (std::size_t piece = 1 << 20; piece > 0;) {
    const std::string bytes(piece, 'x');
    if (::write(fd, bytes.data(), bytes.size()) <= 0) piece /= 2;
  }
  ::close(fd);
}

void SmallDisk::free() const {
  std::filesystem::remove(dir_ / "ballast");
}

}  // namespace lintel::test
