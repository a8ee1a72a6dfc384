#pragma once

#include <functional>
#include <string>

namespace lintel::doctor {

enum class Outcome { ok, attention, problem, skipped };

const char* to_string(Outcome outcome);

/// What came of one check.
struct Check {
  std::string name;  ///< "disk", or of several things of a kind "broker:NAME"
  Outcome outcome = Outcome::ok;
  std::string evidence;  ///< what was seen; of a skipped one the reason, as what follows "skipped because"
  std::string advice;    ///< what to try; empty where there is nothing to do
};

/// Takes each check as soon as it is known.
using Tell = std::function<void(Check)>;

}  // namespace lintel::doctor
