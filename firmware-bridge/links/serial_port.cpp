#include "firmware-bridge/links/serial_port.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace lintel::bridge::links {

namespace fs = std::filesystem;

namespace {

/// The adapters that are there, to be copied into the configuration.
std::string candidates() {
  std::string list;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/dev/serial/by-id", ignored)) {
    list += "\n  " + entry.path().string();
  }
  return list.empty() ? " (no serial adapter is plugged in)" : "; plugged in are:" + list;
}

tl::unexpected<Error> cannot_open(const fs::path& device, int error) {
  const auto why = std::generic_category().message(error);
  switch (error) {
    case ENOENT:
      return fail(ErrorKind::transient, fmt::format("{} is not there: check cable and power of the device{}",
                                                    device.string(), candidates()));
    case EACCES:
      return fail(ErrorKind::transient,
                  fmt::format("{} may not be opened ({}): the gateway's user has to be in the "
                              "group dialout",
                              device.string(), why));
    case EBUSY:
    case EWOULDBLOCK:
      return fail(ErrorKind::transient,
                  fmt::format("{} is in use by another program: end that one (fuser {})", device.string(),
                              device.string()));
    default: return fail(ErrorKind::transient, fmt::format("{} cannot be opened: {}", device.string(), why));
  }
}

}  // namespace

Result<SerialFormat> parse_format(const std::string& text, unsigned baud) {
  const bool good = text.size() == 3 && text[0] >= '5' && text[0] <= '8' &&
                    (text[1] == 'N' || text[1] == 'E' || text[1] == 'O') &&
                    (text[2] == '1' || text[2] == '2');
  if (!good || baud == 0) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} baud {}: expected data bits, parity N, E or O, stop bits, for example 9600 baud 8N1",
                    baud, text));
  }
  return SerialFormat{baud, text[0] - '0', text[1], text[2] - '0'};
}

Result<FileDescriptor> open_serial(const fs::path& device, const SerialFormat& format) {
  FileDescriptor fd(::open(device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return cannot_open(device, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return cannot_open(device, errno);
  (void)::ioctl(fd.get(), TIOCEXCL);
  if (!set_raw(fd.get(), format)) {
    const int error = errno;
    if (error == ENOTTY) return fail(ErrorKind::transient, device.string() + " is no serial device");
    return fail(ErrorKind::transient, fmt::format("{} cannot do {} baud: {}", device.string(), format.baud,
                                                  std::generic_category().message(error)));
  }
  return fd;
}

}  // namespace lintel::bridge::links
