#include "gateway/app/running_version.hpp"

#include <fstream>

#include <fmt/format.h>

namespace lintel {

std::string running_version(const std::filesystem::path& os_release) {
  std::string id, version, line;
  std::ifstream file(os_release);
  while (std::getline(file, line)) {
    const auto value_of = [&line](std::string_view key) {
      auto value = line.substr(key.size());
      if (value.size() > 1 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return value;
    };
    if (line.starts_with("IMAGE_ID=")) id = value_of("IMAGE_ID=");
    if (line.starts_with("IMAGE_VERSION=")) version = value_of("IMAGE_VERSION=");
  }
  if (id.empty() || version.empty()) return LINTEL_VERSION;
  return fmt::format("{} ({} {})", LINTEL_VERSION, id, version);
}

}  // namespace lintel
