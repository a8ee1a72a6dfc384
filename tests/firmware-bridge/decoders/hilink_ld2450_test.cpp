#include "firmware-bridge/decoders/hilink_ld2450.hpp"

#include <doctest/doctest.h>

#include "firmware-bridge/core/packet_framer.hpp"

using namespace lintel::bridge;
using decoders::HilinkLd2450;

namespace {

const std::string kExample = from_hex("aaff03000e03b186100040010000000000000000000000000000000055cc").value();
const std::string kNobody = from_hex("aaff030000000000000000000000000000000000000000000000000055cc").value();

Decoded decode(std::string_view bytes) {
  Frame frame;
  frame.payload = bytes;
  DecodeSession session;
  Decoded decoded;
  HilinkLd2450().decode(frame, {}, session, decoded);
  return decoded;
}

/// What is said about people; -1: nothing.
std::int64_t people(std::string_view bytes) {
  const Decoded decoded = decode(bytes);
  if (decoded.observations.empty()) return -1;
  REQUIRE(decoded.observations.size() == 1);
  REQUIRE(decoded.rejects.empty());
  CHECK(decoded.observations[0].kind == Kind::level);
  CHECK_FALSE(decoded.observations[0].count_in.has_value());
  return decoded.observations[0].occupancy.value();
}

}  // namespace

TEST_CASE("ld2450: slots in use are people present, and a frame of empty ones says nobody") {
  CHECK(people(kExample) == 1);
  CHECK(people(kNobody) == 0);
}

TEST_CASE("ld2450: no flipped bit changes how many people there are") {
  for (const std::string& whole : {kExample, kNobody}) {
    const auto before = people(whole);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      CAPTURE(bit);
      std::string bytes = whole;
      bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
      const auto after = people(bytes);
      CHECK((after == before || after == -1));
      if (after == -1) CHECK(decode(bytes).rejects.size() == 1);
    }
  }
}

TEST_CASE("ld2450: a target that cannot be is refused with its slot") {
  std::string behind = kExample;
  behind[7] = '\x06';  // y without its sign
  REQUIRE(decode(behind).rejects.size() == 1);
  CHECK(decode(behind).rejects[0].kind == RejectKind::sanity);
  CHECK(decode(behind).rejects[0].message == "slot 1: a target that is not in front of the radar");
  std::string far = kExample;
  far[7] = '\xFF';
  CHECK(decode(far).rejects[0].message == "slot 1: a target out of the radar's reach");
}

TEST_CASE("ld2450: answers to configuration commands are its own and count nobody") {
  const std::string answer = from_hex("fdfcfbfa0800ff0100000100400004030201").value();
  CHECK(HilinkLd2450().next_packet(answer + kExample).length == answer.size());
  const Decoded decoded = decode(answer);
  CHECK(decoded.observations.empty());
  CHECK(decoded.rejects.empty());
}

TEST_CASE("ld2450: a header inside a cut-off frame is found") {
  const std::string stream = kExample.substr(0, 17) + kExample;
  const PacketCut cut = HilinkLd2450().next_packet(stream);
  CHECK(cut.skip == 17);
  CHECK(cut.length == 30);
}

TEST_CASE("ld2450: noise says what a frame looks like and what to check") {
  const Decoded decoded = decode("\x80\x80\x80");
  REQUIRE(decoded.rejects.size() == 1);
  CHECK(decoded.rejects[0].kind == RejectKind::integrity);
  CHECK(decoded.rejects[0].message.find("256000") != std::string::npos);
}
