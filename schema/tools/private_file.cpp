#include "schema/tools/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace lintel::hq {

Result<void> write_private(const std::filesystem::path& file, std::string_view text) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) {
    return fail(ErrorKind::misconfigured,
                errno == EEXIST
                    ? fmt::format("{} is there already: give another name", file.string())
                    : fmt::format("{} cannot be written: {}", file.string(), std::strerror(errno)));
  }
  bool good = true;
  while (good && !text.empty()) {
    const auto written = ::write(out, text.data(), text.size());
    good = written > 0;
    if (good) text.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && ::fsync(out) == 0;
  good = ::close(out) == 0 && good;
  if (good) return {};
  const auto why = std::string(std::strerror(errno));
  ::unlink(file.c_str());
  return fail(ErrorKind::transient, fmt::format("{} cannot be written: {}", file.string(), why));
}

Result<std::string> read_private(const std::filesystem::path& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0)
    return fail(ErrorKind::misconfigured,
                fmt::format("{} cannot be read: {}", file.string(), std::strerror(errno)));
  if ((about.st_mode & 077) != 0)
    return fail(ErrorKind::misconfigured,
                fmt::format("{} may be read by others: chmod 600 {}", file.string(), file.string()));
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return fail(ErrorKind::misconfigured, fmt::format("{} cannot be read", file.string()));
  return text.str();
}

}  // namespace lintel::hq
