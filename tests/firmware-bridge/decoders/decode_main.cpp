#include <iostream>
#include <string>
#include <vector>

#include "gateway/cli/decode.hpp"

/// The verb on its own, so that the corpus can be scored without building the whole gateway.
int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  return lintel::cli::decode(args, lintel::bridge::decoders::Registry::built_in(), std::cout, std::cerr);
}
