#include "gateway/cli/outcome.hpp"

#include <ostream>

namespace lintel::cli {

std::span<const ExitCode> exit_codes() {
  static constexpr ExitCode kCodes[] = {{kOk, "in order"},
                                        {kProblem, "a problem was found"},
                                        {kUsage, "wrong usage or configuration"},
                                        {kTemporary, "temporary failure, try again later"}};
  return kCodes;
}

int refuse(const Error& error, std::ostream& err) {
  err << "lintel: " << error.message << '\n';
  switch (error.kind) {
    case ErrorKind::transient: return kTemporary;
    case ErrorKind::misconfigured: return kUsage;
    case ErrorKind::rejected:
    case ErrorKind::corrupt: return kProblem;
  }
  return kProblem;
}

}  // namespace lintel::cli
