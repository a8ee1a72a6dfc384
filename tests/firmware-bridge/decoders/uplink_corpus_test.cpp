#include <algorithm>
#include <map>
#include <set>

#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;

namespace {

std::vector<test::Case> uplinks() {
  std::vector<test::Case> cases = test::read_corpus();
  std::erase_if(cases, [](const test::Case& test) { return test.decoder->framing() != Framing::uplink; });
  return cases;
}

constexpr auto kNumbers = {&Observation::count_in, &Observation::count_out, &Observation::occupancy};

std::size_t count_numbers(const Decoded& decoded) {
  std::size_t numbers = 0;
  for (const Observation& o : decoded.observations)
    for (const auto number : kNumbers) numbers += (o.*number).has_value();
  return numbers;
}

bool same_place(const Observation& a, const Observation& b) {
  return a.kind == b.kind && a.line == b.line && a.region == b.region;
}

/// Whether all that `part` says is said by `whole`.
bool is_part(const Observation& part, const Observation& whole) {
  for (const auto number : kNumbers)
    if (part.*number && part.*number != whole.*number) return false;
  return same_place(part, whole) && (!part.time || part.time == whole.time);
}

bool same_shape(const Decoded& a, const Decoded& b) {
  return std::equal(a.observations.begin(), a.observations.end(), b.observations.begin(),
                    b.observations.end(), same_place);
}

/// Index of observation and number for every number that differs.
std::set<std::pair<std::size_t, std::size_t>> moved(const Decoded& before, const Decoded& after) {
  std::set<std::pair<std::size_t, std::size_t>> different;
  for (std::size_t i = 0; i < before.observations.size(); ++i) {
    std::size_t index = 0;
    for (const auto number : kNumbers) {
      if (before.observations[i].*number != after.observations[i].*number) different.insert({i, index});
      ++index;
    }
  }
  return different;
}

Frame frame_of(const test::Case& test) {
  Frame frame;
  frame.payload = test::bytes_of(test);
  frame.port = test.messages.front().port;
  return frame;
}

}  // namespace

TEST_CASE("uplinks: one that is cut off states a part of the whole, and nothing else") {
  for (const test::Case& test : uplinks()) {
    CAPTURE(test.id);
    const Decoded full = test::decode(test);
    const std::string_view whole = test::bytes_of(test);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      const Decoded decoded = test::decode_bytes(test, whole.substr(0, length));
      REQUIRE(decoded.rejects.size() <= 1);
      REQUIRE((length > 0 || decoded.rejects.size() == 1));
      for (const Observation& part : decoded.observations)
        REQUIRE(std::any_of(full.observations.begin(), full.observations.end(),
                            [&](const Observation& o) { return is_part(part, o); }));
    }
  }
}

TEST_CASE("uplinks: no flipped bit crashes a decoder, and a byte never states more than one number") {
  for (const test::Case& test : uplinks()) {
    CAPTURE(test.id);
    std::string bytes = test::bytes_of(test);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      CAPTURE(bit);
      const char mask = static_cast<char>(1u << (bit % 8));
      bytes[bit / 8] ^= mask;
      const Decoded decoded = test::decode_bytes(test, bytes);
      bytes[bit / 8] ^= mask;
      REQUIRE(count_numbers(decoded) <= bytes.size());
      for (const Observation& o : decoded.observations)
        for (const auto number : kNumbers)
          if (o.*number) REQUIRE((*(o.*number) >= 0 && *(o.*number) <= 0xFFFF'FFFF));
    }
  }
}

TEST_CASE("uplinks: every number is moved by the bytes that state it and by no others") {
  for (const test::Case& test : uplinks()) {
    if (test::bytes_of(test).starts_with('{')) continue;  // its bytes are hex digits in a JSON text
    CAPTURE(test.id);
    const Decoded before = test::decode(test);
    std::string bytes = test::bytes_of(test);
    std::set<std::pair<std::size_t, std::size_t>> all;
    for (char& byte : bytes) {
      CAPTURE(&byte - bytes.data());
      byte ^= 1;
      const Decoded after = test::decode_bytes(test, bytes);
      byte ^= 1;
      if (!same_shape(before, after) || !after.rejects.empty()) continue;
      const auto different = moved(before, after);
      CHECK(different.size() <= 1);
      all.insert(different.begin(), different.end());
    }
    CHECK_MESSAGE(all.size() == count_numbers(before), "a number that no byte of the payload moves");
  }
}

TEST_CASE("uplinks: garbage of any length gives one reject and no number of people") {
  for (const auto& decoder : decoders::Registry::built_in().all()) {
    if (decoder->framing() != Framing::uplink) continue;
    CAPTURE(decoder->name());
    for (const std::size_t length : {0U, 1U, 250U, 70'000U}) {
      const std::string bytes(length, '\xAB');
      Frame frame;
      frame.payload = bytes;
      DecodeSession session;
      Decoded decoded;
      decoder->decode(frame, {}, session, decoded);
      CHECK(decoded.observations.empty());
      CHECK(decoded.rejects.size() == 1);
      CHECK_FALSE(decoder->recognises(frame));
    }
  }
}

TEST_CASE("uplinks: a decoder recognises its own payloads, where the bytes tell, and nobody else's") {
  // Those that could come from another model, or from a device that counts nobody, are recognised by none.
  const std::set<std::string> ambiguous = {
      "lorawan-motion-counters/pipiot-peoplesense",              // twelve bytes of anything
      "milesight-vs121-lorawan/passing",                         // so do VS13x, VS350, VS360
      "milesight-vs121-lorawan/status-only",                     // so does every older Milesight
      "milesight-vs330-vs340-vs370-lorawan/vs340-occupied",      // an open door of a WS301
      "milesight-vs330-vs340-vs370-lorawan/vs340-vacant",        // a closed one
      "milesight-vs330-vs340-vs370-lorawan/vs370-occupied-dim",  // its lid, too
      "milesight-vs350-vs351-lorawan/battery-temp",              // every Milesight with a thermometer
      "milesight-vs350-vs351-lorawan/history-batch",             // VS350 and VS360 count alike
      "milesight-vs350-vs351-lorawan/history-period",
      "milesight-vs350-vs351-lorawan/history-period-total",
      "milesight-vs350-vs351-lorawan/temperature-alarm",
      "milesight-vs350-vs351-lorawan/threshold-alarms",
      "milesight-vs350-vs351-lorawan/total-and-period",
      "milesight-vs360-lorawan/history-batch",
      "milesight-vs360-lorawan/total-and-period",
  };
  for (const test::Case& test : uplinks()) {
    CAPTURE(test.id);
    std::vector<std::string> by;
    for (const auto& decoder : decoders::Registry::built_in().all())
      if (decoder->framing() == Framing::uplink && decoder->recognises(frame_of(test)))
        by.emplace_back(decoder->name());
    if (ambiguous.contains(test.id)) {
      CHECK(by.empty());
    } else {
      CHECK(by == std::vector<std::string>{std::string(test.decoder->name())});
    }
  }
}
