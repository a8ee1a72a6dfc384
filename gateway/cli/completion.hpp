#pragma once

#include <span>
#include <string>

#include "gateway/cli/dispatch.hpp"

namespace lintel::cli {

// A script that completes `lintel` in a shell: verbs, their actions and options as the usage lines state
// them, the keys of --set, files, and the names of decoders, for which the script asks lintel itself.
std::string bash_completion(std::span<const Verb> verbs);
std::string zsh_completion(std::span<const Verb> verbs);
std::string fish_completion(std::span<const Verb> verbs);

}  // namespace lintel::cli
