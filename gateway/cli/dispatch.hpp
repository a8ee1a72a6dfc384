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
  std::string_view usage;    ///< whole command lines, one per form: the grammar, see usage.hpp
  std::string_view help;     ///< paragraphs with their line breaks
  std::string_view example;  ///< command lines that can be copied
  /// Takes the words after the verb, returns an exit code (outcome.hpp).
  int (*run)(std::span<const std::string> args, std::ostream& out, std::ostream& err);
  bool configured = true;       ///< takes --config and --set
  bool refuses_itself = false;  ///< looks at unknown options itself, because it has more to say of one
  std::string_view program = "lintel";  ///< whose verb it is, the first word of its usage lines
};

/// Runs the verb that `args` begins with. Knows help, --help, version, --version, completion, man and
/// `VERB --help` itself, and refuses options that the usage of a verb does not state. Returns the exit code.
int dispatch(std::span<const Verb> verbs, std::span<const std::string> args, std::ostream& out,
             std::ostream& err);

}  // namespace lintel::cli
