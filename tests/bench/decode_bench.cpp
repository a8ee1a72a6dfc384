// How many messages a second one core decodes, format by format, and for JSON formats as a share of what
// nlohmann_json alone needs to parse the same bytes.

#include <algorithm>
#include <ctime>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/firmware-bridge/decoders/corpus.hpp"

using namespace lintel;
using nlohmann::json;

namespace {

constexpr double kShareOfParser = 0.60;
constexpr double kSecondsARound = 0.015;
constexpr int kRounds = 15;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Seconds that one call of `work` takes.
template <class Work>
double seconds_of(const Work& work) {
  const double began = cpu_seconds();
  double spent = 0;
  std::size_t calls = 0;
  do {
    for (int i = 0; i < 16; ++i) work();
    calls += 16;
    spent = cpu_seconds() - began;
  } while (spent < kSecondsARound);
  return spent / static_cast<double>(calls);
}

/// The best of some rounds of each, since other programs only ever add; in turns, so that both meet the same
/// weather.
template <class One, class Other>
std::pair<double, double> seconds_of_both(const One& one, const Other& other) {
  std::pair<double, double> best{1e9, 1e9};
  for (int round = 0; round < kRounds; ++round) {
    best.first = std::min(best.first, seconds_of(one));
    best.second = std::min(best.second, seconds_of(other));
  }
  return best;
}

struct Format {
  std::vector<const test::Case*> cases;
  std::size_t messages = 0;
  std::size_t bytes = 0;
  bool json = true;
};

/// As the gateway does it: one result that is used again and again.
void decode(const test::Case& one, bridge::Decoded& decoded) {
  if (one.stream) {
    decoded = test::decode(one);
    return;
  }
  bridge::DecodeSession session;
  for (const auto& message : one.messages) {
    bridge::Frame frame;
    frame.topic = message.topic;
    frame.payload = message.payload;
    frame.retained = message.retained;
    frame.port = message.port;
    decoded.clear();
    one.decoder->decode(frame, one.settings, session, decoded);
  }
}

std::map<std::string, Format> formats_of(const std::vector<test::Case>& corpus) {
  std::map<std::string, Format> formats;
  for (const test::Case& one : corpus) {
    Format& format = formats[std::string(one.decoder->name())];
    format.cases.push_back(&one);
    format.messages += one.messages.size();
    for (const auto& message : one.messages) {
      format.bytes += message.payload.size();
      format.json = format.json && !json::parse(message.payload, nullptr, false).is_discarded() &&
                    message.payload.size() > 16;
    }
  }
  return formats;
}

}  // namespace

TEST_CASE("decoding costs little more than parsing") {
  const auto corpus = test::read_corpus();
  fmt::print("{:<40} {:>8} {:>12} {:>9} {:>16}\n", "format", "bytes", "messages/s", "us", "% of the parser");
  std::string slow;
  for (const auto& [name, format] : formats_of(corpus)) {
    bridge::Decoded decoded;
    std::size_t parsed = 0;
    const auto [took, parse] = seconds_of_both(
        [&] {
          for (const test::Case* one : format.cases) decode(*one, decoded);
        },
        [&] {
          for (const test::Case* one : format.cases)
            for (const auto& message : one->messages)
              parsed += json::parse(message.payload, nullptr, false).size();
        });
    const auto messages = static_cast<double>(format.messages);
    std::string share = "-";
    if (format.json) {
      REQUIRE(parsed > 0);
      share = fmt::format("{:.0f}", 100 * parse / took);
      if (parse / took < kShareOfParser) slow += fmt::format("\n  {}: {} %", name, share);
    }
    fmt::print("{:<40} {:>8.0f} {:>12.0f} {:>9.2f} {:>16}\n", name,
               static_cast<double>(format.bytes) / messages, messages / took, took / messages * 1e6, share);
  }
  CHECK_MESSAGE(slow.empty(), "below 60 % of the parser's speed:" << slow);
}
