#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <set>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "firmware-bridge/decoders/byte_reader.hpp"
#include "firmware-bridge/decoders/iso_time.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"
#include "tests/firmware-bridge/decoders/promises.hpp"

using namespace lintel;
using namespace lintel::bridge;
using nlohmann::json;

namespace {

std::string text_or_dash(const json& reading, const char* key) {
  const json value = reading.value(key, json());
  return value.is_null() ? "-" : value.is_string() ? value.get<std::string>() : value.dump();
}

std::string time_or_dash(const json& reading, const char* key) {
  std::string text = text_or_dash(reading, key);
  const std::size_t mark = text.find("(local)");
  const auto time = decoders::parse_iso_time(text.substr(0, mark));
  return time ? std::to_string(count_ms(time->time)) + (time->local ? " local" : "") : "-";
}

std::string time_or_dash(const std::optional<DeviceTime>& time) {
  return time ? std::to_string(count_ms(time->time)) + (time->local ? " local" : "") : "-";
}

std::string number_or_dash(const std::optional<std::int64_t>& n) {
  return n ? std::to_string(*n) : "-";
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

/// The facts that a reading must state; sensors in parentheses come from outside the payload.
std::string facts(const json& want) {
  std::string sensor = text_or_dash(want, "sensor");
  if (sensor.starts_with("(")) sensor = "-";
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", sensor, text_or_dash(want, "kind"),
                     time_or_dash(want, "time"), time_or_dash(want, "from"), time_or_dash(want, "to"),
                     text_or_dash(want, "line"), text_or_dash(want, "region"), text_or_dash(want, "count_in"),
                     text_or_dash(want, "count_out"), text_or_dash(want, "occupancy"));
}

std::string facts(const Observation& o) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {}", or_dash(o.sensor), to_string(o.kind),
                     time_or_dash(o.time), time_or_dash(o.from), time_or_dash(o.to), or_dash(o.line),
                     or_dash(o.region), number_or_dash(o.count_in), number_or_dash(o.count_out),
                     number_or_dash(o.occupancy));
}

/// How many numbers of people are stated, by kind.
std::array<std::size_t, 5> numbers_by_kind(const Decoded& decoded) {
  std::array<std::size_t, 5> numbers{};
  for (const Observation& o : decoded.observations)
    numbers[static_cast<std::size_t>(o.kind)] +=
        o.count_in.has_value() + o.count_out.has_value() + o.occupancy.has_value();
  return numbers;
}

/// How many counts differ between two decodings of the same shape, each by exactly `step`.
std::size_t count_differences(const Decoded& before, const Decoded& after, std::int64_t step) {
  REQUIRE(before.observations.size() == after.observations.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < before.observations.size(); ++i) {
    const Observation& old = before.observations[i];
    const Observation& now = after.observations[i];
    for (const auto count : {&Observation::count_in, &Observation::count_out, &Observation::occupancy}) {
      if (old.*count == now.*count) continue;
      REQUIRE((now.*count).value() - (old.*count).value() == step);
      ++different;
    }
  }
  return different;
}

std::size_t differing_lines(const Decoded& before, const Decoded& after) {
  const auto old = test::describe(before);
  const auto now = test::describe(after);
  REQUIRE(old.size() == now.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < old.size(); ++i) different += old[i] != now[i];
  return different;
}

/// The vector of a case that is one of several in a file of its folder.
void check_vector(const test::Case& test) {
  const std::size_t slash = test.id.find('/');
  const std::string folder = LINTEL_CORPUS_DIR "/" + test.id.substr(0, slash);
  std::ifstream file(folder + "/uplinks.json");
  if (!file.is_open()) file.open(folder + "/frames.json");  // of serial lines and buses
  REQUIRE(file.is_open());
  const json vectors = json::parse(file);
  const auto found = std::find_if(vectors.begin(), vectors.end(), [&](const json& vector) {
    return vector.at("name") == test.id.substr(slash + 1);
  });
  REQUIRE(found != vectors.end());
  const std::string hex = found->contains("response") ? found->at("response") : found->at("hex");
  CHECK(decoders::from_hex(hex) == test::bytes_of(test));
  if (found->contains("request")) CHECK(found->at("request") == test.messages.front().topic);
  const json port = found->value("fport", json());
  CHECK((port.is_null() ? std::nullopt : std::optional<int>(port.get<int>())) == test.messages.front().port);
}

/// A session of several messages, each with its topic, is listed in a file of its folder.
void check_session(const test::Case& test) {
  std::ifstream file(LINTEL_CORPUS_DIR "/" + test.id.substr(0, test.id.find('/')) + "/messages.json");
  REQUIRE(file);
  const json messages = json::parse(file);
  REQUIRE(messages.size() == test.messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CHECK(decoders::from_hex(messages[i].at("hex").get<std::string>()) == test.messages[i].payload);
    CHECK(messages[i].at("topic") == test.messages[i].topic);
  }
}

/// A session of values, each with its topic: topic, tab, payload, and what the broker does with it.
void check_topics(const test::Case& test) {
  std::ifstream file(LINTEL_CORPUS_DIR "/" + test.id);
  REQUIRE(file);
  for (const test::Case::Message& message : test.messages) {
    std::string line;
    REQUIRE(std::getline(file, line));
    CHECK(line == message.topic + '\t' + message.payload + (message.retained ? "\t(retained)" : ""));
  }
}

/// What single messages are asked for means nothing to one that explains the next; the tests of such formats
/// ask it of every message in its place.
bool is_session(const test::Case& test) {
  return !test.stream && test.messages.size() > 1;
}

/// Numbers of an envelope are not the counts, which lie in a payload within: envelope_corpus_test.cpp.
bool is_envelope(const test::Case& test) {
  return test.decoder->name().starts_with("envelope-");
}

/// Uplinks have no end of their own and no checksum: their network has both. uplink_corpus_test.cpp holds
/// what can be asked of them instead.
bool is_uplink(const test::Case& test) {
  return test.decoder->framing() == Framing::uplink;
}

/// The same number, however it is written, plus `step`; null for what is no number.
json raised_by(std::int64_t step, const json& value) {
  if (value.is_number()) return value.get<std::int64_t>() + step;
  if (!value.is_string()) return nullptr;
  const auto& text = value.get_ref<const std::string&>();
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && text.size() <= 12 ? json(std::to_string(std::stoll(text) + step)) : json();
}

std::string_view stripped(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \r\n");
  return text.substr(0, last + 1);
}

}  // namespace

TEST_CASE("corpus: every documented payload gives exactly the documented readings") {
  for (const test::Case& test : test::read_corpus()) {
    CAPTURE(test.id);
    const Decoded decoded = test::decode(test);
    CHECK(decoded.rejects.size() == test.rejects);
    REQUIRE(decoded.observations.size() == test.expect.size());
    for (std::size_t i = 0; i < test.expect.size(); ++i) {
      const Observation& got = decoded.observations[i];
      CHECK(facts(got) == facts(test.expect[i]));
      for (const std::string flag : test.expect[i].value("flags", json::array()))
        CHECK_MESSAGE(std::find(got.flags.begin(), got.flags.end(), flag) != got.flags.end(), flag);
    }
  }
}

TEST_CASE("corpus: the cases hold the bytes of the sample files") {
  for (const test::Case& test : test::read_corpus()) {
    CAPTURE(test.id);
    const std::string name = std::string(LINTEL_CORPUS_DIR "/") + test.id;
    if (is_session(test)) {
      if (std::filesystem::exists(name)) {
        check_topics(test);
      } else {
        check_session(test);
      }
      continue;
    }
    if (!std::filesystem::exists(name)) {
      check_vector(test);
      continue;
    }
    std::ifstream file(name, std::ios::binary);
    REQUIRE(file);
    std::ostringstream content;
    content << file.rdbuf();
    const std::string sample = content.str();
    const bool described = sample.starts_with("topic: ");  // topic and payload written out, see the README
    if (described) {
      CHECK(sample.find("payload: " + test::bytes_of(test)) != std::string::npos);
      CHECK(sample.find("topic: " + test.messages.front().topic + "\n") == 0);
    } else {
      CHECK(sample == test::bytes_of(test));
    }
  }
}

TEST_CASE("corpus: a message that is cut off counts nobody and says so") {
  for (const test::Case& test : test::read_corpus()) {
    if (test.stream || is_uplink(test) || is_session(test)) continue;
    CAPTURE(test.id);
    const std::string_view whole = stripped(test::bytes_of(test));
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      const Decoded decoded = test::decode_bytes(test, whole.substr(0, length));
      REQUIRE(decoded.observations.empty());
      REQUIRE(decoded.rejects.size() == 1);
    }
  }
}

TEST_CASE("corpus: a stream that breaks off keeps what came before and adds nothing") {
  for (const test::Case& test : test::read_corpus()) {
    if (!test.stream) continue;
    CAPTURE(test.id);
    const std::string& whole = test::bytes_of(test);
    const Decoded full = test::decode(test);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      const Decoded decoded = test::decode_bytes(test, std::string_view(whole).substr(0, length));
      REQUIRE(test::broken_promise(decoded) == "");
      REQUIRE(decoded.observations.size() <= full.observations.size());
      for (std::size_t i = 0; i < decoded.observations.size(); ++i) {
        REQUIRE(decoded.observations[i].count_in == full.observations[i].count_in);
        REQUIRE(decoded.observations[i].count_out == full.observations[i].count_out);
      }
    }
  }
}

TEST_CASE("corpus: no flipped bit crashes a decoder or makes it see more than was there") {
  for (const test::Case& test : test::read_corpus()) {
    if (is_uplink(test) || is_session(test) || is_envelope(test)) continue;
    CAPTURE(test.id);
    std::string bytes = test::bytes_of(test);
    const auto before = numbers_by_kind(test::decode(test));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      CAPTURE(bit);
      const char mask = static_cast<char>(1u << (bit % 8));
      bytes[bit / 8] ^= mask;
      const Decoded decoded = test::decode_bytes(test, bytes);
      bytes[bit / 8] ^= mask;
      REQUIRE(test::broken_promise(decoded) == "");
      const auto after = numbers_by_kind(decoded);
      for (std::size_t kind = 0; kind < before.size(); ++kind) REQUIRE(after[kind] <= before[kind]);
    }
  }
}

TEST_CASE("corpus: however a stream is chunked, the same comes out") {
  std::mt19937 random(20240530);
  for (const test::Case& test : test::read_corpus()) {
    if (!test.stream) continue;
    CAPTURE(test.id);
    const std::string_view whole = test::bytes_of(test);
    const auto expected = test::describe(test::decode(test));
    for (std::size_t cut = 0; cut <= whole.size(); ++cut)
      REQUIRE(test::describe(test::decode_chunks(test, {whole.substr(0, cut), whole.substr(cut)})) ==
              expected);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::string_view> chunks;
      for (std::size_t at = 0; at < whole.size();) {
        chunks.push_back(whole.substr(at, 1 + random() % (round == 0 ? 1 : 40)));
        at += chunks.back().size();
      }
      REQUIRE(test::describe(test::decode_chunks(test, chunks)) == expected);
    }
  }
}

TEST_CASE("corpus: changing one number changes exactly the one thing that it states") {
  for (const test::Case& test : test::read_corpus()) {
    if (is_session(test) || is_envelope(test)) continue;
    const json document = json::parse(test::bytes_of(test), nullptr, false);
    if (test.stream || is_uplink(test) || !document.is_structured()) continue;
    CAPTURE(test.id);
    const Decoded before = test::decode(test);
    std::size_t counts = 0;
    std::size_t worded = 0;  // of passages, which some devices tell by a word and no number
    for (const Observation& o : before.observations) {
      counts += o.count_in.has_value() + o.count_out.has_value() + o.occupancy.has_value();
      if (o.kind == Kind::event) worded += o.count_in.has_value() + o.count_out.has_value();
    }
    const json leaves = document.flatten();
    for (const auto& leaf : leaves.items()) {
      const std::string& pointer = leaf.key();
      const json& value = leaf.value();
      const json raised = raised_by(1000, value);
      if (raised.is_null()) continue;
      CAPTURE(pointer);
      json changed = document;
      changed[json::json_pointer(pointer)] = raised;
      const Decoded after = test::decode_bytes(test, changed.dump());
      // A 1 that means occupied: 1001 means nothing and is refused. No count can be refused unnoticed.
      if (!after.rejects.empty() && after.observations.size() + 1 == before.observations.size()) continue;
      const std::size_t differing_counts = count_differences(before, after, 1000);
      CHECK(differing_counts <= 1);
      // What is no count may be stated once for several readings: the length of all their windows.
      CHECK((differing_counts == 0 || differing_lines(before, after) <= 1));
      REQUIRE(counts >= differing_counts);
      counts -= differing_counts;
    }
    CHECK_MESSAGE(counts <= worded, "a count that no number of the payload moves");
  }
}

TEST_CASE("corpus: changing one number of an XML document changes exactly the one thing that it states") {
  static const std::regex kNumber(">([0-9]{1,9})<");
  for (const test::Case& test : test::read_corpus()) {
    if (test.stream || is_session(test) || !stripped(test::bytes_of(test)).starts_with('<')) continue;
    CAPTURE(test.id);
    const std::string& document = test::bytes_of(test);
    const Decoded before = test::decode(test);
    std::set<std::pair<std::size_t, int>> moved;  // observation, in or out
    for (auto number = std::sregex_iterator(document.begin(), document.end(), kNumber);
         number != std::sregex_iterator(); ++number) {
      const auto raised = std::to_string(std::stoll((*number)[1].str()) + 1000);
      CAPTURE(number->position());
      const Decoded after =
          test::decode_bytes(test, document.substr(0, number->position() + 1) + raised +
                                       document.substr(number->position() + number->length() - 1));
      // A number that names or selects something may mean nothing any more, which is said.
      if (!after.rejects.empty() && after.observations.size() < before.observations.size()) continue;
      CHECK(count_differences(before, after, 1000) <= 1);
      CHECK(differing_lines(before, after) <= 1);
      for (std::size_t i = 0; i < before.observations.size(); ++i) {
        if (before.observations[i].count_in != after.observations[i].count_in) moved.insert({i, 0});
        if (before.observations[i].count_out != after.observations[i].count_out) moved.insert({i, 1});
      }
    }
    std::size_t counts = 0;
    for (const Observation& o : before.observations) {
      if (std::find(o.flags.begin(), o.flags.end(), "counter_defect") != o.flags.end()) continue;
      counts += o.count_in.has_value() + o.count_out.has_value();
    }
    CHECK_MESSAGE(moved.size() >= counts, "a count that no number of the document moves");
  }
}
