// libFuzzer's way into the profile loader: loads any bytes as a profile, samples included, and lets what
// loads decode a few payloads.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "firmware-bridge/decoders/profile/load.hpp"

using namespace lintel::bridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kPayloads[] = {
      "",
      "[]",
      "{}",
      "5",
      "online",
      R"({"in": 1, "out": 2, "type": "counters", "serial_number": "x"})",
      R"([{"type": "LineCount", "serial": "s", "timestamp": 1632385264305, "direction": "forward"}])"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = decoders::profile::load(text, decoders::profile::Samples::run);
  if ((loaded.profile == nullptr) == loaded.problems.empty()) {
    std::fprintf(stderr, "a profile is in use or has problems\n");
    std::abort();
  }
  if (!loaded.profile) return 0;
  for (const std::string_view payload : kPayloads) {
    Frame frame;
    frame.topic = "bus/door/state";
    frame.payload = payload;
    DecodeSession session;
    Decoded out;
    loaded.profile->decode(frame, {}, session, out);
  }
  return 0;
}
