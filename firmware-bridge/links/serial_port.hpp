#pragma once

#include <filesystem>
#include <string>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/links/file_descriptor.hpp"

namespace lintel::bridge::links {

struct SerialFormat {
  unsigned baud = 115200;  ///< any rate the adapter can make, not only the standard ones
  int data_bits = 8;       ///< 5 to 8
  char parity = 'N';       ///< N, E, O
  int stop_bits = 1;       ///< 1, 2
};

/// "8N1" and the like. `misconfigured` names what is wrong.
Result<SerialFormat> parse_format(const std::string& text, unsigned baud);

/// Opens a serial device for this process alone: raw, not the controlling terminal, modem lines left as
/// they are when it is closed (a board would restart). Errors are `transient` (it may be plugged in later)
/// and say what to try.
Result<FileDescriptor> open_serial(const std::filesystem::path& device, const SerialFormat& format);

/// Sets rate and format with Linux's termios2, which takes any number of baud. False: errno says why.
bool set_raw(int fd, const SerialFormat& format);

}  // namespace lintel::bridge::links
