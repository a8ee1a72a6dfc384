#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/result.hpp"
#include "gateway/cli/dispatch.hpp"

namespace lintel::cli {

/// What the usage lines of a verb say. They are the one place that states its grammar: help prints them, and
/// the check of options, completion and the manual are read from them.
///   --name            an option without a value, or `--name VALUE`; in [] where it may be left out
///   list, swap|turn   in lower case: the first word is one of these
///   FILE              in upper case: stands for something
struct Usage {
  struct Option {
    std::string name;   ///< "--days"
    std::string value;  ///< "N"; empty: it takes none
  };
  std::vector<std::string> actions;
  std::vector<Option> options;      ///< each once, in the order of the lines; --config and --set at the end
  std::vector<std::string> places;  ///< "SENSOR", each once
};

Usage usage_of(const Verb& verb);

/// The first word that begins with - and is no option of the verb, with the nearest one; nothing: all are
/// known. Values of options are left alone, and so are words like -5. An unknown word is named without its
/// value, which may be a secret.
std::optional<Error> unknown_option(const Verb& verb, std::span<const std::string> args);

}  // namespace lintel::cli
