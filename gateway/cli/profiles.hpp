#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/cli/configuration.hpp"

namespace lintel::cli {

/// A file of profiles.d and what became of it.
struct ProfileFile {
  std::filesystem::path file;
  std::string name;                   ///< the stem of the file, which the profile must state as its own
  std::size_t samples = 0;            ///< how many were run
  std::vector<std::string> problems;  ///< none: it is in use
};

/// Every decoder that a configuration can name.
struct Decoders {
  std::unique_ptr<const bridge::decoders::Registry> registry;
  std::vector<ProfileFile> files;  ///< by name
};

/// The decoders of the build and the profiles of a folder, whose samples are run. A broken profile is in the
/// registry too, as a decoder that rejects every frame with the reason. A folder that does not exist, or an
/// empty path, holds none.
Decoders load_decoders(const std::filesystem::path& folder);

/// One profile from a file; its problems are told with the name of the file.
struct CheckedProfile {
  ProfileFile file;
  std::unique_ptr<const bridge::Decoder> decoder;  ///< null when there are problems
};
CheckedProfile check_profile(const std::filesystem::path& file);

/// "profiles.d/NAME.json: PROBLEM" for each problem.
std::vector<std::string> complaints(const ProfileFile& file);

/// The decoders of the configuration in force. When that has problems, which go to `err`, those of
/// profiles.d beside its file.
Decoders decoders_in_force(const ConfigurationOptions& options, std::ostream& err);

}  // namespace lintel::cli
