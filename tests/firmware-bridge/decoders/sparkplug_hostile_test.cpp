// Bytes that nobody meant: protobuf has no checksum, so what is broken anywhere is believed nowhere.
#include <algorithm>

#include <doctest/doctest.h>

#include "firmware-bridge/decoders/envelopes/protobuf_reader.hpp"
#include "tests/firmware-bridge/decoders/corpus.hpp"
#include "tests/firmware-bridge/decoders/sparkplug_link.hpp"

using namespace lintel;
using namespace lintel::bridge;
using namespace lintel::bridge::decoders::envelopes;
using namespace lintel::test;

namespace {

test::Case documented_session() {
  for (auto& test : test::read_corpus())
    if (test.id == "sparkplug-b/session") return test;
  FAIL("the corpus has no Sparkplug session");
  return {};
}

}  // namespace

TEST_CASE("sparkplug: hostile protobuf is refused in one piece") {
  SparkplugLink link;
  link.births(kDoor);
  const auto refused = [&](const std::string& payload) {
    const auto before = link.session.notes;
    const auto out = link.hear("DDATA/edge/door", payload);
    CHECK(out.observations.empty());
    CHECK(link.session.notes == before);
    return only_reject(out);
  };
  CHECK(contains(refused(""), "empty"));
  CHECK(contains(refused("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), "cut off"));  // 2^64 bytes long
  CHECK(contains(refused(std::string(11, '\xFF')), "not protobuf"));
  CHECK(contains(refused(std::string("\x00\x00", 2)), "not protobuf"));   // field 0
  CHECK(contains(refused(std::string(5000, '\x13')), "not protobuf"));    // groups within groups
  CHECK(contains(refused(std::string("\x0A\x01x", 3)), "no Sparkplug"));  // a text for a time
  CHECK(contains(refused("\x12\x02\x08\x05"), "no Sparkplug"));           // a number for a name
  CHECK(contains(refused(std::string(2 << 20, 'x')), "too long"));
  std::string nest;
  for (int i = 0; i < 2000; ++i) nest = Protobuf().bytes(18, nest).text;  // templates within templates
  const auto out = link.hear("DDATA/edge/door", Protobuf().bytes(2, nest).number(3, 2).text);
  CHECK(out.observations.empty());
}

TEST_CASE("sparkplug: every prefix and every flipped bit of the documented session") {
  const auto test = documented_session();
  SparkplugLink whole;
  for (const auto& message : test.messages) {
    const auto where = message.topic.substr(std::string_view("spBv1.0/Stores/").size());
    const auto before = whole.session;
    const auto right = whole.hear(where, message.payload);
    const auto numbers = [](const Decoded& out) {
      std::size_t sum = 0;
      for (const auto& o : out.observations) {
        for (const auto& count : {o.count_in, o.count_out, o.occupancy}) {
          if (count) REQUIRE((*count >= 0 && *count <= 999'999'999'999));
          sum += count.has_value();
        }
      }
      return sum;
    };
    for (std::size_t length = 0; length < message.payload.size(); ++length) {
      CAPTURE(length);
      SparkplugLink cut{before, {}};
      const auto out = cut.hear(where, message.payload.substr(0, length));
      REQUIRE(numbers(out) <= numbers(right));
      for (const auto& o : out.observations) {
        REQUIRE(std::any_of(right.observations.begin(), right.observations.end(), [&](const Observation& r) {
          return r.line == o.line && r.region == o.region && (!o.count_in || o.count_in == r.count_in) &&
                 (!o.count_out || o.count_out == r.count_out) && o.occupancy == r.occupancy;
        }));
      }
    }
    auto bytes = message.payload;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      CAPTURE(bit);
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
      SparkplugLink flipped{before, {}};
      REQUIRE(numbers(flipped.hear(where, bytes)) <= numbers(right));
      bytes[bit / 8] = message.payload[bit / 8];
    }
  }
}

TEST_CASE("protobuf: fields of all wire types, the end told from a break") {
  ProtobufReader reader(std::string_view("\x08\x96\x01\x11\x01\0\0\0\0\0\0\x80\x1A\x02hi\x25\x05\0\0\0", 21));
  auto field = reader.next();
  REQUIRE(field);
  CHECK(field->number == 1);
  CHECK(field->value == 150);
  field = reader.next();
  REQUIRE(field);
  CHECK(field->value == 0x8000000000000001);
  field = reader.next();
  REQUIRE(field);
  CHECK(field->bytes == "hi");
  field = reader.next();
  REQUIRE(field);
  CHECK(field->number == 4);
  CHECK(field->value == 5);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.failed());
  ProtobufReader broken("\x08");
  CHECK_FALSE(broken.next());
  CHECK(broken.failed());
}
