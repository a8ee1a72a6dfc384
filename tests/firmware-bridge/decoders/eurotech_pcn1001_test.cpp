#include "firmware-bridge/decoders/eurotech_pcn1001.hpp"

#include <doctest/doctest.h>

#include "firmware-bridge/core/packet_framer.hpp"

using namespace lintel::bridge;
using decoders::EurotechPcn1001;

namespace {

const EurotechPcn1001 kDecoder;
const std::string kRequest = from_hex("ffffffffff01010201010a0067636f756e7465727300a862ff").value();

/// A packet of unit 2 to the master at 1.
std::string packet(const std::string& data, const std::string& parts = "\x01\x01") {
  std::string body = "\x02\x01" + parts;
  body += static_cast<char>(data.size() & 0xFF);
  body += static_cast<char>(data.size() >> 8);
  body += data;
  const unsigned crc = modbus_crc(body);
  return "\xFF\xFF\xFF\xFF\xFF\x01" + body + static_cast<char>(crc & 0xFF) + static_cast<char>(crc >> 8) +
         "\xFF";
}

Decoded decode(std::string_view bytes) {
  Frame frame;
  frame.payload = bytes;
  DecodeSession session;
  Decoded decoded;
  kDecoder.decode(frame, {}, session, decoded);
  CHECK(decoded.observations.empty());
  return decoded;
}

std::vector<std::string> cut(std::string_view bytes) {
  std::vector<std::string> frames;
  PacketFramer framer([](std::string_view all) { return kDecoder.next_packet(all); });
  const auto keep = [&](std::string_view frame) { frames.emplace_back(frame); };
  framer.feed(bytes, keep);
  framer.finish(keep);
  return frames;
}

}  // namespace

TEST_CASE(
    "pcn1001: a preamble that lost bytes while the line turned is enough, extra padding is not in the way") {
  CHECK(cut(kRequest + kRequest) == std::vector<std::string>{kRequest, kRequest});
  CHECK(cut(kRequest.substr(4)) == std::vector<std::string>{kRequest.substr(4)});
  CHECK(cut(kRequest + "\xFF\xFF" + kRequest) == std::vector<std::string>{kRequest, "\xFF\xFF", kRequest});
  CHECK(decode("\xFF\xFF").rejects.empty());
}

TEST_CASE("pcn1001: padding and start bytes inside the data begin no packet") {
  const std::string inside = packet("raw" + std::string(1, '\0') + kRequest.substr(0, 12));
  CHECK(cut(inside + kRequest) == std::vector<std::string>{inside, kRequest});
}

TEST_CASE("pcn1001: a packet inside the ruins of another is found") {
  const std::string ruin = packet(std::string(40, 'x')).substr(0, 30);
  CHECK(cut(kRequest + ruin + kRequest) == std::vector<std::string>{kRequest, ruin, kRequest});
}

TEST_CASE("pcn1001: an answer with counters is kept for later, with what is missing") {
  const Decoded decoded = decode(packet(std::string("gcounters\0\x05\0\0\0", 14)));
  REQUIRE(decoded.rejects.size() == 1);
  CHECK(decoded.rejects[0].kind == RejectKind::unsupported);
  CHECK(decoded.rejects[0].message.find("gcounters") != std::string::npos);
  CHECK(decode(kRequest).rejects.empty());
  CHECK(decode(packet(std::string("gdatetime\0\1\2\3\4", 14))).rejects.empty());
}

TEST_CASE("pcn1001: the rest of an answer in several packets is not taken for a command") {
  CHECK(decode(packet("gdatetime", "\x02\x02")).rejects.size() == 1);
}

TEST_CASE("pcn1001: a wrong checksum is stated and expected") {
  std::string bytes = kRequest;
  bytes[22] ^= 1;
  const Decoded decoded = decode(bytes);
  REQUIRE(decoded.rejects.size() == 1);
  CHECK(decoded.rejects[0].kind == RejectKind::integrity);
  CHECK(decoded.rejects[0].message == "packet from 1 to 2: its checksum is 62a9, 62a8 was expected");
}

TEST_CASE("pcn1001: no flipped bit leaves a packet, and any of them is recognised whole") {
  Frame frame;
  frame.payload = kRequest;
  CHECK(kDecoder.recognises(frame));
  for (std::size_t bit = 5 * 8; bit < kRequest.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bytes = kRequest;
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    frame.payload = bytes;
    CHECK_FALSE(kDecoder.recognises(frame));
    CHECK(decode(bytes).rejects.size() == 1);
  }
}
