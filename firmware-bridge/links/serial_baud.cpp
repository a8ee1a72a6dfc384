// The kernel's own terminal definitions, which cannot be included together with the C library's.
#include <asm/termbits.h>
#include <sys/ioctl.h>

#include "firmware-bridge/links/serial_port.hpp"

namespace lintel::bridge::links {

bool set_raw(int fd, const SerialFormat& format) {
  termios2 tio{};
  if (::ioctl(fd, TCGETS2, &tio) != 0) return false;
  // A byte with a wrong parity or stop bit is read as 0, so that its line is refused. Left out, it would turn
  // 105 people into 15.
  tio.c_iflag = IGNBRK | (format.parity != 'N' ? INPCK : 0U);
  tio.c_oflag = 0;
  tio.c_lflag = 0;
  constexpr unsigned kSizes[] = {CS5, CS6, CS7, CS8};
  // HUPCL stays off: hanging up drops DTR, and many boards restart on that.
  tio.c_cflag = CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT) | kSizes[format.data_bits - 5];
  if (format.parity != 'N') tio.c_cflag |= PARENB;
  if (format.parity == 'O') tio.c_cflag |= PARODD;
  if (format.stop_bits == 2) tio.c_cflag |= CSTOPB;
  tio.c_ispeed = format.baud;
  tio.c_ospeed = format.baud;
  tio.c_cc[VMIN] = 1;
  tio.c_cc[VTIME] = 0;
  return ::ioctl(fd, TCSETS2, &tio) == 0;
}

}  // namespace lintel::bridge::links
