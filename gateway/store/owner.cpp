#include "gateway/store/owner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lintel::store {

int open_for_owner(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  struct stat made {};
  struct stat folder {};
  if (fd < 0 || ::geteuid() != 0) return fd;
  if (::fstat(fd, &made) == 0 && ::stat(file.parent_path().c_str(), &folder) == 0 && made.st_uid == 0) {
    (void)!::fchown(fd, folder.st_uid, folder.st_gid);
  }
  return fd;
}

}  // namespace lintel::store
