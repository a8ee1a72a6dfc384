#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "gateway/cli/outcome.hpp"
#include "schema/tools/verbs.hpp"

int main(int argc, char** argv) {
  // A reader of our output that goes away is an error code, never the end: an archive is being written.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  int code = lintel::cli::kProblem;
  try {
    code = lintel::hq::dispatch(args, std::cout, std::cerr);
  } catch (const std::exception& error) {
    std::cerr << "lintel-hq: stopped by an error that nobody expected: " << error.what() << '\n';
  }
  std::cout.flush();
  return code;
}
