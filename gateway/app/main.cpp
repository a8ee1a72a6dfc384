#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "gateway/app/verbs.hpp"
#include "gateway/cli/dispatch.hpp"
#include "gateway/cli/outcome.hpp"

namespace {

/// True when nobody reads our output any more, as after `| head -1`.
bool reader_left() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of our output, a broker or a browser that goes away is an error code, never the end.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  int code = lintel::cli::kProblem;
  try {
    code = lintel::cli::dispatch(lintel::app::verbs(), args, std::cout, std::cerr);
  } catch (const std::exception& error) {
    std::cerr << "lintel: stopped by an error that nobody expected: " << error.what() << '\n';
  }
  std::cout.flush();
  if (!std::cout && !reader_left()) {
    std::cerr << "lintel: the output could not be written, is the disk full?\n";
    return lintel::cli::kTemporary;
  }
  return code;
}
