#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "firmware-bridge/decoders/registry.hpp"

namespace lintel::cli {

/// `lintel decode DECODER FILE`: what a decoder makes of a payload, without a gateway running. `args` are the
/// words after the verb; FILE `-` is standard input. Prints a table, or JSON lines with --json.
/// `lintel decode --cases FILE` answers each line of a corpus (shape: tests/corpus/README.md) with one line.
///
/// Returns 0, 1 when something was rejected, 2 when the command could not be carried out (wrong use, unknown
/// decoder, unreadable file), with a message on `err`.
int decode(std::span<const std::string> args, const bridge::decoders::Registry& known, std::ostream& out,
           std::ostream& err);

/// The same with the decoders of the configuration in force (`--config FILE`, `--set section.key=value`), or
/// with a profile: DECODER may be a file whose name ends in .json.
int decode(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::cli
