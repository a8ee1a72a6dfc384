#include "tests/firmware-bridge/decoders/uplink_lines.hpp"

#include <doctest/doctest.h>

#include "firmware-bridge/decoders/byte_reader.hpp"
#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

namespace lintel::test {

using namespace lintel::bridge;

namespace {

std::string bytes_of_hex(std::string_view hex) {
  std::string digits(hex);
  std::erase(digits, ' ');
  const auto bytes = decoders::from_hex(digits);
  REQUIRE_MESSAGE(bytes, "a test's hex text is broken");
  return *bytes;
}

const Decoder& named(std::string_view name) {
  const Decoder* decoder = decoders::Registry::built_in().find(name);
  REQUIRE(decoder != nullptr);
  return *decoder;
}

}  // namespace

std::vector<std::string> uplink_lines(std::string_view decoder, std::string_view hex,
                                      std::optional<std::uint8_t> port) {
  const std::string bytes = bytes_of_hex(hex);
  Frame frame;
  frame.payload = bytes;
  frame.port = port;
  DecodeSession session;
  Decoded decoded;
  named(decoder).decode(frame, {}, session, decoded);
  return describe(decoded);
}

bool recognises(std::string_view decoder, std::string_view hex, std::optional<std::uint8_t> port) {
  const std::string bytes = bytes_of_hex(hex);
  Frame frame;
  frame.payload = bytes;
  frame.port = port;
  return named(decoder).recognises(frame);
}

}  // namespace lintel::test
