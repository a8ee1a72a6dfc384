#include "firmware-bridge/decoders/wirenboard_wb_mcm8.hpp"

#include <doctest/doctest.h>

using namespace lintel::bridge;
using decoders::WirenboardWbMcm8;

namespace {

const std::string kRequest = "5a04003c00043cee";
const std::string kAnswer = from_hex("5a040800000048000000c8e1b0").value();

DecodeSettings door() {
  DecodeSettings settings;
  settings.lines["door"] = {"in1", "in2"};
  return settings;
}

Decoded decode(std::string_view bytes, std::string_view request = kRequest,
               const DecodeSettings& settings = door()) {
  Frame frame;
  frame.topic = request;
  frame.payload = bytes;
  DecodeSession session;
  Decoded decoded;
  WirenboardWbMcm8().decode(frame, settings, session, decoded);
  return decoded;
}

std::string with_crc(std::string bytes) {
  const unsigned crc = modbus_crc(bytes);
  bytes += static_cast<char>(crc & 0xFF);
  return bytes + static_cast<char>(crc >> 8);
}

/// An answer of unit 90 to what the decoder itself asks for.
std::string all_inputs(const std::vector<std::uint32_t>& counters) {
  std::string bytes = "\x5A\x04\x20";
  for (const auto counter : counters)
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(counter >> shift);
  return with_crc(bytes);
}

}  // namespace

TEST_CASE("wb-mcm8: it asks for all eight counters at once") {
  CHECK(WirenboardWbMcm8().reads() == std::vector<ModbusRead>{{4, 60, 16}});
  const auto request = to_hex(modbus_request(90, WirenboardWbMcm8().reads()[0]));
  const auto answer = all_inputs({1, 2, 3, 4, 5, 6, 7, 0xFFFFFFFF});
  const Decoded decoded = decode(answer, request);
  REQUIRE(decoded.observations.size() == 7);  // the door, and six inputs that nobody claims
  CHECK(decoded.observations[0].line == "door");
  CHECK(decoded.observations[0].sensor == "slave 90");
  CHECK(decoded.observations[0].flags == std::vector<std::string>{"mapping in1=in in2=out"});
  CHECK(decoded.observations[6].line == "in8");
  CHECK(decoded.observations[6].count_in == 4'294'967'295);
  CHECK_FALSE(decoded.observations[6].count_out.has_value());
  CHECK(decoded.observations[6].flags == std::vector<std::string>{"no_direction"});
}

TEST_CASE("wb-mcm8: an input that the answer does not hold stays absent") {
  DecodeSettings settings;
  settings.lines["door"] = {"in1", "in7"};
  const Decoded decoded = decode(kAnswer, kRequest, settings);
  REQUIRE(decoded.observations.size() == 2);
  CHECK(decoded.observations[0].count_in == 72);
  CHECK_FALSE(decoded.observations[0].count_out.has_value());
  CHECK(decoded.observations[1].line == "in2");
}

TEST_CASE("wb-mcm8: a channel that it does not have is refused by name, the rest is counted") {
  DecodeSettings settings;
  settings.lines["door"] = {"in1", "in9"};
  const Decoded decoded = decode(kAnswer, kRequest, settings);
  REQUIRE(decoded.rejects.size() == 1);
  CHECK(decoded.rejects[0].message.find("in9") != std::string::npos);
  CHECK(decoded.observations[0].count_in == 72);
}

TEST_CASE("wb-mcm8: units have lines of their own") {
  DecodeSettings settings = door();
  settings.sensors["slave 90"]["gate"] = {"in2", "in1"};
  const Decoded decoded = decode(kAnswer, kRequest, settings);
  REQUIRE(decoded.observations.size() == 1);
  CHECK(decoded.observations[0].line == "gate");
  CHECK(decoded.observations[0].count_in == 200);
}

TEST_CASE("wb-mcm8: no flipped bit of an answer or of its request changes a count") {
  const auto counted = [](const Decoded& decoded) { return !decoded.observations.empty(); };
  for (std::size_t bit = 0; bit < kAnswer.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bytes = kAnswer;
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    const Decoded decoded = decode(bytes);
    CHECK_FALSE(counted(decoded));
    CHECK(decoded.rejects.size() == 1);
  }
  const std::string request = from_hex(kRequest).value();
  for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bytes = request;
    bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    CHECK_FALSE(counted(decode(kAnswer, to_hex(bytes))));
  }
}

TEST_CASE("wb-mcm8: an exception is a fault of the unit and counts nobody") {
  const Decoded decoded = decode(from_hex("5a8402b312").value(), "5a0400c800047d1c");
  CHECK(decoded.observations.empty());
  CHECK(decoded.rejects.empty());
  REQUIRE(decoded.reports.size() == 1);
  CHECK(decoded.reports[0].sensor == "slave 90");
  CHECK(decoded.reports[0].faults ==
        std::vector<std::string>{"answers function 4 at 200 with illegal data address (2)"});
}

TEST_CASE("wb-mcm8: an answer to another question is refused") {
  const Decoded other_unit = decode(with_crc(std::string("\x5B\x04\x08\0\0\0\x48\0\0\0\xC8", 11)));
  REQUIRE(other_unit.rejects.size() == 1);
  CHECK(other_unit.rejects[0].message == "unit 91 answers function 4, asked was unit 90 for function 4");
  CHECK(decode(with_crc(std::string("\x5A\x03\x08\0\0\0\x48\0\0\0\xC8", 11))).rejects.size() == 1);
  CHECK(decode(with_crc(std::string("\x5A\x04\x04\0\0\0\x48", 7))).rejects[0].kind == RejectKind::length);
  CHECK(decode(kAnswer, "").rejects[0].kind == RejectKind::unsupported);
  CHECK(decode(kAnswer, "zz04003c00043cee").rejects[0].kind == RejectKind::unsupported);
  CHECK(decode("").rejects[0].kind == RejectKind::length);
}
