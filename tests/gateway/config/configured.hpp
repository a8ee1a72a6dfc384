#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.hpp"
#include "tests/support/temp_dir.hpp"

namespace lintel::test {

/// A configuration folder on disk, and what loading it says.
class Configured {
 public:
  Configured() { write("gateway.conf", ""); }

  [[nodiscard]] std::filesystem::path path(std::string_view name) const { return dir_.path() / name; }

  /// Files are readable by their owner only, so that no case trips over the test's umask.
  Configured& write(std::string_view name, std::string_view text, ::mode_t mode = 0600) {
    const auto file = path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    ::chmod(file.c_str(), mode);
    return *this;
  }

  [[nodiscard]] Result<config::Config> load() const {
    return config::load({path("gateway.conf"), environment, overrides},
                        {{"axis-people-counter-tvpc", "milesight-vs125", "milesight-vs133-vs135",
                          "st-vl53l1x-arduino-lines", "tasmota-counter", "wirenboard-wb-mcm8-modbus"},
                         {"wirenboard-wb-mcm8-modbus"}});
  }

  /// The problems of a load that must fail, one per element, without the line that introduces them.
  [[nodiscard]] std::vector<std::string> problems() const {
    const auto config = load();
    if (config) return {"(it was accepted)"};
    std::vector<std::string> result;
    auto rest = std::string_view(config.error().message);
    for (auto end = rest.find("\n  "); end != std::string_view::npos; end = rest.find("\n  ")) {
      rest.remove_prefix(end + 3);
      result.emplace_back(rest.substr(0, rest.find("\n  ")));
    }
    return result;
  }

  std::vector<std::string> environment;
  std::vector<std::string> overrides;

 private:
  TempDir dir_;
};

}  // namespace lintel::test
