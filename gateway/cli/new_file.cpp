#include "gateway/cli/new_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace lintel::cli {

namespace {

tl::unexpected<Error> failed(ErrorKind kind, const std::string& file, const char* what, int why) {
  return fail(kind, fmt::format("{} {}: {}", file, what, std::generic_category().message(why)));
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

}  // namespace

Result<void> write_new(const std::string& file, std::string_view bytes) {
  const int fd =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return failed(ErrorKind::misconfigured, file, "cannot be made", errno);
  int why = write_all(fd, bytes);
  if (::close(fd) != 0 && why == 0) why = errno;
  if (why == 0) return {};
  ::unlink(file.c_str());
  return failed(ErrorKind::transient, file, "cannot be written", why);
}

}  // namespace lintel::cli
