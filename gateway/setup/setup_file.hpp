#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "gateway/config/config.hpp"
#include "gateway/setup/network.hpp"

namespace lintel::setup {

/// What a setup file says, checked as a whole.
struct Setup {
  std::string token;  ///< empty: none is stated
  std::string pin;
  Network network;
  /// Files of the configuration by path below its folder: "gateway.d/setup.conf", "links.d/door.conf".
  std::map<std::string, std::string> files;
  std::set<std::string> named_files;  ///< that lie beside the setup file and are among `files` now
  std::vector<std::string> warnings;
};

/// Reads the text of a setup file that lies in `folder`, beside files that it names (certificates, files with
/// passwords). It is checked together with the configuration in `present`, which it would change; nothing is
/// changed. `misconfigured`: all that is wrong, a line each, with the line of the file.
Result<Setup> read_setup(std::string_view text, const std::filesystem::path& folder,
                         const std::filesystem::path& present, const config::Vocabulary& vocabulary);

}  // namespace lintel::setup
