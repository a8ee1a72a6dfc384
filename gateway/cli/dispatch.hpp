#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace lintel::cli {

/// One verb of `lintel VERB ...`. Texts are laid out for 80 columns.
struct Verb {
  std::string_view name;
  std::string_view summary;  ///< one line for the list
  std::string_view usage;    ///< what follows "lintel", one line per form
  std::string_view help;     ///< paragraphs with their line breaks
  std::string_view example;  ///< command lines that can be copied
  /// Takes the words after the verb, returns an exit code (outcome.hpp).
  int (*run)(std::span<const std::string> args, std::ostream& out, std::ostream& err);
};

/// Runs the verb that `args` begins with. Knows help, --help, version, --version and `VERB --help`
/// itself. Returns the exit code.
int dispatch(std::span<const Verb> verbs, std::span<const std::string> args, std::ostream& out,
             std::ostream& err);

}  // namespace lintel::cli
