#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace lintel::test {

/// A machine of its own for the gateway: Debian's kernel, a memory disk with our binary, and an ext4 disk
/// behind a cache that forgets what was not flushed when its power goes. Emulated, so that it is the same
/// everywhere. Its console is a file.
class MiniVm {
 public:
  /// Packs the memory disk: `gateway` is run with `config_dir`/gateway.conf.
  /// Throws std::runtime_error where something it needs is missing, with the words of what failed.
  MiniVm(std::filesystem::path dir, const std::string& gateway, const std::filesystem::path& config_dir);

  /// Boots. `words` go to the kernel's command line. Returns when the machine starts the gateway.
  void boot(const std::vector<std::string>& words = {});
  /// The power goes: machine and disk cache end at the same moment.
  void cut();

  /// What the guest has said since it was booted.
  [[nodiscard]] std::string console() const;
  /// What follows this word on the console, line by line.
  [[nodiscard]] std::vector<std::string> said(const std::string& word) const;
  /// Port on the host that leads to 8081 of the guest.
  [[nodiscard]] int port() const { return port_; }
  /// The host's end of the guest's /dev/hvc0: a pseudo terminal.
  [[nodiscard]] std::filesystem::path sensor_line() const;

 private:
  std::filesystem::path dir_;
  int port_ = 0;
  Process disk_, machine_;
};

}  // namespace lintel::test
