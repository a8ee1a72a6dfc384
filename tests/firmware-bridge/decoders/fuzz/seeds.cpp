// Writes the corpus as inputs of the fuzzer: seeds FOLDER makes FOLDER/<decoder>/<case>.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/fuzz/surroundings.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  for (const auto& decoder : lintel::bridge::decoders::Registry::built_in().all()) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / decoder->name();
    std::filesystem::create_directories(folder);
    for (const auto& seed : lintel::test::seeds_of(decoder->name())) {
      std::ofstream file(folder / seed.name, std::ios::binary);
      file << seed.bytes;
      if (!file.flush()) {
        std::fprintf(stderr, "cannot write %s\n", (folder / seed.name).c_str());
        return 1;
      }
    }
  }
}
