#include "firmware-bridge/decoders/eurotech_pcn1001.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/packet_search.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr char kPadding = '\xFF';
constexpr char kStart = '\x01';
constexpr std::size_t kLongestPreamble = 5;
constexpr std::size_t kHead = 7;  ///< start to length
constexpr std::size_t kFoot = 3;  ///< checksum and postamble
constexpr std::size_t kMostData = 1024;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

unsigned word_at(std::string_view bytes, std::size_t i) {
  return byte_at(bytes, i) | byte_at(bytes, i + 1) << 8;
}

std::size_t preamble(std::string_view bytes) {
  return std::min(bytes.find_first_not_of(kPadding), bytes.size());
}

/// From the start byte on; the checksum is not looked at.
std::optional<std::size_t> measure_body(std::string_view body) {
  if (body.front() != kStart) return 0;
  if (body.size() < kHead) return std::nullopt;
  const unsigned packets = byte_at(body, 3), number = byte_at(body, 4), data = word_at(body, 5);
  if (number == 0 || number > packets || data > kMostData) return 0;
  const std::size_t length = kHead + data + kFoot;
  if (body.size() < length) return std::nullopt;
  return body[length - 1] == kPadding ? length : 0;
}

bool checksum_fits(std::string_view body) {
  const std::size_t crc = body.size() - kFoot;
  return modbus_crc(body.substr(1, crc - 1)) == word_at(body, crc);
}

std::optional<std::size_t> measure(std::string_view bytes) {
  const std::size_t padding = preamble(bytes);
  if (padding == 0 || padding > kLongestPreamble) return 0;
  if (padding == bytes.size()) return std::nullopt;
  const auto length = measure_body(bytes.substr(padding));
  if (!length || *length == 0) return length;
  return checksum_fits(bytes.substr(padding, *length)) ? padding + *length : 0;
}

/// Why these bytes are no packet.
Reject refusal(std::string_view bytes) {
  const std::string_view body = bytes.substr(preamble(bytes));
  const auto length = body.empty() ? std::nullopt : measure_body(body);
  if (length && *length > 0 && *length <= body.size() && !checksum_fits(body.substr(0, *length))) {
    const std::size_t crc = *length - kFoot;
    return {RejectKind::integrity,
            fmt::format("packet from {} to {}: its checksum is {:04x}, {:04x} was expected", byte_at(body, 1),
                        byte_at(body, 2), word_at(body, crc), modbus_crc(body.substr(1, crc - 1)))};
  }
  return {
      RejectKind::integrity,
      fmt::format("{} bytes that are no SNP packet, FF 01 to FF with a checksum that fits", bytes.size())};
}

}  // namespace

PacketCut EurotechPcn1001::next_packet(std::string_view bytes) const {
  return find_packet(bytes, measure);
}

bool EurotechPcn1001::recognises(const Frame& frame) const {
  return !frame.payload.empty() && measure(frame.payload) == frame.payload.size();
}

void EurotechPcn1001::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  const std::string_view bytes = frame.payload;
  if (!recognises(frame)) {
    const bool idle =
        !bytes.empty() && preamble(bytes) == bytes.size();  // padding of a line that turns round
    if (!idle) out.rejects.push_back(refusal(bytes));
    return;
  }
  const std::string_view body = bytes.substr(preamble(bytes));
  const std::string_view data = body.substr(kHead, body.size() - kHead - kFoot);
  const std::string_view command = data.substr(0, data.find('\0'));
  const std::size_t values = data.size() - std::min(data.size(), command.size() + 1);
  const bool continued = byte_at(body, 4) > 1;
  if ((command == "gcounters" && values > 0) || continued) {
    out.rejects.push_back(
        {RejectKind::unsupported,
         fmt::format("unit {}: {} with {} bytes of values, whose layout is not known to this version",
                     byte_at(body, 1), continued ? "the continuation of an answer" : excerpt(command),
                     continued ? data.size() : values)});
  }
}

}  // namespace lintel::bridge::decoders
