#pragma once

#include <iosfwd>
#include <span>
#include <string_view>

#include "firmware-bridge/core/result.hpp"

namespace lintel::cli {

// What every verb returns, so that scripts can tell.
inline constexpr int kOk = 0;
inline constexpr int kProblem = 1;    ///< it worked, and what it found is not in order
inline constexpr int kUsage = 2;      ///< the command or the configuration is wrong
inline constexpr int kTemporary = 3;  ///< try again later

struct ExitCode {
  int code;
  std::string_view means;
};
/// All of them, as help and manual state them.
std::span<const ExitCode> exit_codes();

/// Prints "lintel: MESSAGE" and returns the exit code of its kind.
int refuse(const Error& error, std::ostream& err);

}  // namespace lintel::cli
