// Payloads sewn together from pieces of each other: what a broken transport or a hostile sender could make.

#include <cstdlib>
#include <random>

#include <doctest/doctest.h>

#include "tests/firmware-bridge/decoders/corpus.hpp"
#include "tests/firmware-bridge/decoders/promises.hpp"

using namespace lintel;

namespace {

using Random = std::mt19937_64;

constexpr int kSplicesOfACase = 200;

std::uint64_t seed() {
  const char* given = std::getenv("TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 7;
}

std::string_view piece(const std::string& bytes, Random& random) {
  if (bytes.empty()) return {};
  const std::size_t from = random() % bytes.size();
  return std::string_view(bytes).substr(from, 1 + random() % (bytes.size() - from));
}

/// Head of one payload, some pieces of any, tail of another.
std::string splice(const std::string& own, const std::vector<const std::string*>& others, Random& random) {
  const auto other = [&]() -> const std::string& { return *others[random() % others.size()]; };
  std::string bytes = own.substr(0, random() % (own.size() + 1));
  for (auto pieces = random() % 3; pieces > 0; --pieces) bytes += piece(other(), random);
  const std::string& last = random() % 2 == 0 ? own : other();
  bytes += last.substr(random() % (last.size() + 1));
  return bytes;
}

}  // namespace

TEST_CASE("splices: pieces of payloads sewn together break no promise") {
  Random random(seed());
  CAPTURE(seed());
  const auto corpus = test::read_corpus();
  std::vector<const std::string*> payloads;
  for (const auto& one : corpus)
    for (const auto& message : one.messages) payloads.push_back(&message.payload);
  for (const auto& one : corpus) {
    CAPTURE(one.id);
    for (int round = 0; round < kSplicesOfACase; ++round) {
      CAPTURE(round);
      test::Case spliced = one;
      auto& message = spliced.messages[random() % spliced.messages.size()];
      message.payload = splice(message.payload, payloads, random);
      const auto decoded = test::decode(spliced);
      REQUIRE(test::broken_promise(decoded) == "");
      // Each byte can state little: what comes out is bounded by what went in.
      std::size_t bytes = 0;
      for (const auto& each : spliced.messages) bytes += each.payload.size();
      REQUIRE(decoded.observations.size() + decoded.rejects.size() <= bytes + spliced.messages.size());
    }
  }
}
