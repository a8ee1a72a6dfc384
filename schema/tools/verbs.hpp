#pragma once

#include <span>
#include <string>

#include "gateway/cli/dispatch.hpp"
#include "schema/tools/call.hpp"

namespace lintel::hq {

struct Verb {
  cli::Verb told;  ///< what help says; its own run is not used
  Outcome (*carry_out)(Call& call);
};

/// Every verb of lintel-hq but help and version.
std::span<const Verb> verbs();

/// Runs the verb that `args` begins with and returns its exit code.
int dispatch(std::span<const std::string> args, std::ostream& out, std::ostream& err);

Outcome deploy(Call& call);
Outcome verify(Call& call);
Outcome fleet(Call& call);
Outcome enrol(Call& call);
Outcome partitions(Call& call);
Outcome audit(Call& call);
Outcome health(Call& call);
Outcome capacity(Call& call);
Outcome perf(Call& call);
Outcome archive(Call& call);
Outcome restore(Call& call);
Outcome erase(Call& call);
Outcome types(Call& call);
Outcome drill(Call& call);

}  // namespace lintel::hq
