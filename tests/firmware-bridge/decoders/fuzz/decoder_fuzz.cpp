// libFuzzer's way into one decoder, chosen by LINTEL_FUZZ_DECODER. Aborts when what comes out breaks a
// promise. Input: messages, each a byte that chooses topic, port and settings among those of the decoder's
// corpus, two bytes of length (little-endian), and the payload. The session lasts for the whole input. See
// seeds.cpp.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/stream_framer.hpp"
#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/fuzz/surroundings.hpp"
#include "tests/firmware-bridge/decoders/promises.hpp"

using namespace lintel;
using namespace lintel::bridge;

namespace {

void require(const std::string& broken) {
  if (broken.empty()) return;
  std::fprintf(stderr, "a decoder broke its promise: %s\n", broken.c_str());
  std::abort();
}

bool same(const Decoded& a, const Decoded& b) {
  return a.observations.size() == b.observations.size() && a.rejects.size() == b.rejects.size() &&
         a.reports.size() == b.reports.size();
}

const Decoder& chosen() {
  static const Decoder* const kChosen = [] {
    const char* name = std::getenv("LINTEL_FUZZ_DECODER");
    const Decoder* found = name == nullptr ? nullptr : decoders::Registry::built_in().find(name);
    if (found == nullptr) {
      std::fputs("LINTEL_FUZZ_DECODER has to name a decoder\n", stderr);
      std::exit(2);
    }
    return found;
  }();
  return *kChosen;
}

const std::vector<test::Surroundings>& surroundings() {
  static const auto kSurroundings = test::surroundings_of(chosen().name());
  return kSurroundings;
}

void decode(std::string_view payload, const test::Surroundings& around, DecodeSession& session) {
  Frame frame;
  frame.topic = around.topic;
  frame.port = around.port;
  frame.payload = payload;
  DecodeSession twin = session;
  Decoded first;
  Decoded second;
  chosen().decode(frame, around.settings, session, first);
  chosen().decode(frame, around.settings, twin, second);
  require(test::broken_promise(first));
  require(test::broken_promise(session));
  if (!same(first, second)) require("the same arguments gave another answer");
  (void)chosen().recognises(frame);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  DecodeSession session;
  DecodeSession streamed;
  StreamFramer framer(chosen());
  for (std::size_t at = 0; at + 3 <= size;) {
    const auto& around = surroundings()[data[at] % surroundings().size()];
    const std::size_t length = data[at + 1] + 256u * data[at + 2];
    const std::string_view payload = input.substr(at + 3, length);
    decode(payload, around, session);
    if (StreamFramer::carries(chosen()))
      framer.feed(payload, [&](std::string_view frame, bool) { decode(frame, around, streamed); });
    at += 3 + length;
  }
  if (StreamFramer::carries(chosen()))
    framer.finish([&](std::string_view frame, bool) { decode(frame, surroundings().front(), streamed); });
  return 0;
}
