#include "schema/tools/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "gateway/cli/new_file.hpp"

namespace lintel::hq {

Result<void> write_private(const std::filesystem::path& file, std::string_view text) {
  if (auto written = cli::write_new(file.string(), text); !written) return written;
  // What cannot be said again must survive the machine.
  const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = handle >= 0 && ::fsync(handle) == 0;
  if (handle >= 0) ::close(handle);
  if (flushed) return {};
  return fail(ErrorKind::transient,
              fmt::format("{} could not be brought to the disk: {}", file.string(), std::strerror(errno)));
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
