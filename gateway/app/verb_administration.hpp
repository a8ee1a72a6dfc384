#pragma once

#include <iosfwd>
#include <span>
#include <string>

namespace lintel::app {

// Verbs that ask the daemon, or with it down work under the writer's lock. `args` are the words after the
// verb; exit codes as in gateway/cli/outcome.hpp.
int sensors(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int adopt(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int discover(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int explain(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int correct(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int sync_verb(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int walk_test(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int alerts(std::span<const std::string> args, std::ostream& out, std::ostream& err);
int quarantine(std::span<const std::string> args, std::ostream& out, std::ostream& err);

}  // namespace lintel::app
