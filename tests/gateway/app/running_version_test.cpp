#include "gateway/app/running_version.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;

TEST_CASE("running version: an image is named beside the program, any other system is not") {
  const TempDir dir;
  const auto file = dir.path() / "os-release";
  const auto with = [&](const char* text) {
    std::ofstream(file) << text;
    return running_version(file);
  };
  CHECK(running_version(dir.path() / "none") == LINTEL_VERSION);
  CHECK(with("ID=debian\nVERSION_ID=\"12\"\n") == LINTEL_VERSION);
  CHECK(with("ID=debian\nIMAGE_ID=lintel-generic-arm64\nIMAGE_VERSION=\"2.1\"\n") == LINTEL_VERSION
        " (lintel-generic-arm64 2.1)");
}
