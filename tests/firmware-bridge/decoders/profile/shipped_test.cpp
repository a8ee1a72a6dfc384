// The profiles that are part of the executable.
#include <doctest/doctest.h>

#include <set>

#include "firmware-bridge/core/embedded.hpp"
#include "firmware-bridge/decoders/profile/load.hpp"
#include "firmware-bridge/decoders/registry.hpp"

using namespace lintel::bridge::decoders;

TEST_CASE("profiles: every one that is shipped loads, and its samples give what they expect") {
  for (const auto& file : lintel::embedded::profiles()) {
    CAPTURE(file.path);
    const auto loaded = profile::load(file.bytes, profile::Samples::run);
    for (const std::string& problem : loaded.problems) FAIL_CHECK(problem);
    CHECK(loaded.samples > 0);
    CHECK(file.path == loaded.name + ".json");
    CHECK(Registry::built_in().find(loaded.name) != nullptr);
  }
}
