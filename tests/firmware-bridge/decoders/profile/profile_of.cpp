#include "tests/firmware-bridge/decoders/profile/profile_of.hpp"

#include <doctest/doctest.h>

#include "tests/firmware-bridge/decoders/corpus.hpp"

namespace lintel::test {

namespace {

namespace profile = bridge::decoders::profile;

profile::Loaded load(std::string_view members) {
  const std::string text = R"({"name": "test", "summary": "s", "source": "s", )" + std::string(members) + "}";
  return profile::load(text, profile::Samples::skip);
}

}  // namespace

std::vector<std::string> problems_of(std::string_view members) {
  return load(members).problems;
}

std::unique_ptr<const profile::Profile> profile_of(std::string_view members) {
  auto loaded = load(members);
  for (const std::string& problem : loaded.problems) CAPTURE(problem);
  REQUIRE_MESSAGE(loaded.profile != nullptr, (loaded.problems.empty() ? "" : loaded.problems.front()));
  return std::move(loaded.profile);
}

std::vector<std::string> decoded(const bridge::Decoder& decoder, std::string_view payload,
                                 std::string_view topic, const bridge::DecodeSettings& settings) {
  bridge::Frame frame;
  frame.payload = payload;
  frame.topic = topic;
  bridge::DecodeSession session;
  bridge::Decoded all;
  decoder.decode(frame, settings, session, all);
  return describe(all);
}

}  // namespace lintel::test
