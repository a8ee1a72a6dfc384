// What the corpus asks of envelopes: their own numbers are port, counter, signal and time; the counts lie in
// a payload within, of which each character stands for six bits.
#include <algorithm>
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using namespace lintel::bridge;
using nlohmann::json;

namespace {

std::vector<test::Case> envelopes() {
  auto cases = test::read_corpus();
  std::erase_if(cases, [](const test::Case& test) { return !test.decoder->name().starts_with("envelope-"); });
  return cases;
}

/// Counts and places, which nothing but the payload may change.
std::vector<std::string> counts_of(const Decoded& decoded) {
  std::vector<std::string> counts;
  for (Observation o : decoded.observations) {
    o.flags.clear();
    o.repeat_key.clear();
    o.time.reset();
    counts.push_back(test::describe(o));
  }
  return counts;
}

bool fits(const std::optional<std::int64_t>& count) {
  return !count || (*count >= 0 && *count <= 999'999'999'999);
}

}  // namespace

TEST_CASE("envelopes: every number outside of the payload changes what it states and never a count") {
  for (const auto& test : envelopes()) {
    CAPTURE(test.id);
    const json document = json::parse(test::bytes_of(test));
    const auto before = test::decode(test);
    std::map<std::string, bool> moved;
    const json leaves = document.flatten();
    for (const auto& leaf : leaves.items()) {
      if (!leaf.value().is_number()) continue;
      CAPTURE(leaf.key());
      json changed = document;
      changed[json::json_pointer(leaf.key())] = leaf.value().get<std::int64_t>() - 20;
      const auto after = test::decode_bytes(test, changed.dump());
      if (!after.observations.empty()) CHECK(counts_of(after) == counts_of(before));
      moved[leaf.key().substr(leaf.key().rfind('/') + 1)] |= test::describe(after) != test::describe(before);
    }
    if (before.observations.empty()) continue;
    for (const auto& [key, changes] : moved) {
      const bool told = key == "fCnt" || key == "f_cnt" || key == "rssi";
      if (key != "fPort" && key != "f_port") CHECK_MESSAGE(changes == told, key);
    }
  }
}

TEST_CASE("envelopes: no flipped bit crashes, and outside of payload and identity none changes a count") {
  for (const auto& test : envelopes()) {
    CAPTURE(test.id);
    std::string bytes = test::bytes_of(test);
    const auto before = counts_of(test::decode(test));
    const json document = json::parse(bytes);
    const bool tts = document.contains("uplink_message");
    const auto payload =
        tts ? document["uplink_message"].value("frm_payload", "-") : document.value("data", "-");
    const auto begin = bytes.find(payload);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      CAPTURE(bit);
      const auto at = bit / 8;
      const char original = bytes[at];
      bytes[at] = static_cast<char>(original ^ (1 << bit % 8));
      const auto decoded = test::decode_bytes(test, bytes);
      bytes[at] = original;
      for (const auto& o : decoded.observations) REQUIRE((fits(o.count_in) && fits(o.count_out)));
      if (decoded.observations.empty() || (at >= begin && at < begin + payload.size())) continue;
      auto after = counts_of(decoded);
      // Another digit of the EUI is another device.
      for (std::size_t i = 0; i < after.size() && after.size() == before.size(); ++i) {
        after[i] = after[i].substr(after[i].find(' '));
        REQUIRE(after[i] == before[i].substr(before[i].find(' ')));
      }
      REQUIRE(after.size() == before.size());
    }
  }
}
