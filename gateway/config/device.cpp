#include "gateway/config/device.hpp"

#include <system_error>

namespace lintel::config {

namespace fs = std::filesystem;

fs::path port_of(const fs::path& device) {
  constexpr int kMostLinks = 16;  // they may lead in a circle
  std::error_code error;
  fs::path path = device;
  for (int i = 0; i < kMostLinks && fs::is_symlink(fs::symlink_status(path, error)); ++i) {
    const auto target = fs::read_symlink(path, error);
    if (error) break;
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  const auto port = fs::weakly_canonical(path, error);
  return error ? device : port;
}

}  // namespace lintel::config
