#pragma once

#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"

namespace lintel::test {

/// What the real executable said.
struct Answer {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs `lintel ARGS...` to its end, in a folder of its own. `environment` holds "NAME=value" entries added
/// to the own ones; `redirect` is shell for its output, when that is not to be caught ("> /dev/full").
inline Answer ask(const std::vector<std::string>& args, const std::vector<std::string>& environment = {},
                  const std::string& redirect = "") {
  const TempDir dir;
  const auto out = dir.path() / "out";
  const auto err = dir.path() / "err";
  const auto to = redirect.empty() ? "> '" + out.string() + "'" : redirect;
  std::vector<std::string> command{
      "sh", "-c", "cd '" + dir.path().string() + "' && exec \"$@\" 2> '" + err.string() + "' " + to, "sh",
      LINTEL_BINARY};
  command.insert(command.end(), args.begin(), args.end());
  Answer answer;
  answer.code = Process::spawn(command, environment).wait();
  answer.out = text_of(out);
  answer.err = text_of(err);
  return answer;
}

}  // namespace lintel::test
