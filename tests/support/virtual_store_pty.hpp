#pragma once

#include <filesystem>
#include <string_view>

namespace lintel::test {

/// The far end of a serial line: a device behind a USB adapter. The near end is a tty at `link`, a
/// symbolic link as udev makes it. A line knows no one's absence: what is said while nobody listens is gone.
class SerialDevice {
 public:
  /// Throws std::system_error when there is no pseudo terminal to be had.
  explicit SerialDevice(const std::filesystem::path& link);
  ~SerialDevice();
  SerialDevice(const SerialDevice&) = delete;
  SerialDevice& operator=(const SerialDevice&) = delete;

  /// Whether someone has the tty open.
  [[nodiscard]] bool listened_to() const;

  /// False when nobody listens or the reader is so far behind that the line was lost.
  bool write_line(std::string_view line);

 private:
  int master_;
  std::filesystem::path link_;
};

}  // namespace lintel::test
