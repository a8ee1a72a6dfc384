#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::test {

/// What a message comes with, as in the corpus.
struct Surroundings {
  std::string topic;
  std::optional<std::uint8_t> port;
  bridge::DecodeSettings settings;

  friend bool operator==(const Surroundings& a, const Surroundings& b) {
    return a.topic == b.topic && a.port == b.port && a.settings.lines.size() == b.settings.lines.size();
  }
};

/// One case of a decoder's corpus as an input of the fuzzer.
struct Seed {
  std::string name;
  std::string bytes;
};

/// The different surroundings of a decoder's cases in their order; never empty, at most 256. Exits when the
/// corpus cannot be read.
std::vector<Surroundings> surroundings_of(std::string_view decoder);

std::vector<Seed> seeds_of(std::string_view decoder);

}  // namespace lintel::test
