#pragma once

#include <filesystem>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "gateway/config/config.hpp"

namespace lintel::cli {

/// What every verb that needs a configuration understands: `--config FILE` and `--set section.key=value`.
struct ConfigurationOptions {
  std::filesystem::path file;  ///< empty: look for one
  std::vector<std::string> overrides;
};

/// Takes these options out of `args` and leaves the rest in its order. `misconfigured` when one lacks its
/// value.
Result<ConfigurationOptions> take_configuration_options(std::vector<std::string>& args);

/// Loads --config FILE, else $LINTEL_CONFIG, else /etc/lintel/gateway.conf if there is one, else the
/// embedded defaults, which it says on `err`. Warnings go to `err` as well. What none of them says is
/// completed from the card's identity (enrolled.hpp).
Result<config::Config> load_configuration(const ConfigurationOptions& options, std::ostream& err);

/// Both steps.
Result<config::Config> configuration(std::vector<std::string>& args, std::ostream& err);

/// The file that would be loaded; empty: there is none.
std::filesystem::path configuration_file(const ConfigurationOptions& options);

/// The decoders of this build and, once the configuration has said where they are, of the profiles.
config::Vocabulary vocabulary();

/// The error for a word that a verb does not take: "unknown option --jsn, did you mean --json?" or
/// "unexpected argument x". `known` are the options of the verb.
Error unexpected_argument(std::string_view argument, std::span<const std::string_view> known);

}  // namespace lintel::cli
