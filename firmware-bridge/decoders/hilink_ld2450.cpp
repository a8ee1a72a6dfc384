#include "firmware-bridge/decoders/hilink_ld2450.hpp"

#include <fmt/format.h>

#include "firmware-bridge/decoders/packet_search.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::string_view kHead{"\xAA\xFF\x03\x00", 4};
constexpr std::string_view kTail{"\x55\xCC", 2};
constexpr std::string_view kAnswerHead{"\xFD\xFC\xFB\xFA", 4};
constexpr std::string_view kAnswerTail{"\x04\x03\x02\x01", 4};
constexpr std::size_t kFrame = 30;
constexpr std::size_t kSlots = 3;
constexpr std::size_t kSlot = 8;
constexpr std::size_t kAnswerFrame = 10;  ///< without its content
constexpr std::size_t kLongestAnswer = 64;
constexpr unsigned kReach = 12'000;  ///< millimetres; the makers promise 6 to 8 m

unsigned word_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]) |
         static_cast<unsigned>(static_cast<unsigned char>(bytes[i + 1])) << 8;
}

std::optional<std::size_t> measure_answer(std::string_view bytes) {
  if (bytes.size() < 6) return std::nullopt;
  const std::size_t content = word_at(bytes, 4);
  if (content > kLongestAnswer) return 0;
  const std::size_t length = kAnswerFrame + content;
  if (bytes.size() < length) return std::nullopt;
  return bytes.substr(length - kAnswerTail.size(), kAnswerTail.size()) == kAnswerTail ? length : 0;
}

std::optional<std::size_t> measure(std::string_view bytes) {
  if (begins_like(bytes, kAnswerHead)) return measure_answer(bytes);
  if (!begins_like(bytes, kHead)) return 0;
  if (bytes.size() < kFrame) return std::nullopt;
  return bytes.substr(kFrame - kTail.size(), kTail.size()) == kTail ? kFrame : 0;
}

/// Why there can be nobody as this slot says; null where there can.
const char* impossible(std::string_view slot) {
  const unsigned x = word_at(slot, 0), y = word_at(slot, 2);
  if (word_at(slot, 6) == 0) return "a target without resolution";
  if ((y & 0x8000) == 0 || (y & 0x7FFF) == 0) return "a target that is not in front of the radar";
  if ((x & 0x7FFF) > kReach || (y & 0x7FFF) > kReach) return "a target out of the radar's reach";
  return nullptr;
}

}  // namespace

PacketCut HilinkLd2450::next_packet(std::string_view bytes) const {
  return find_packet(bytes, measure);
}

void HilinkLd2450::decode(const Frame& frame, const DecodeSettings&, DecodeSession&, Decoded& out) const {
  const std::string_view bytes = frame.payload;
  if (bytes.empty() || measure(bytes) != bytes.size()) {
    out.rejects.push_back(
        {RejectKind::integrity,
         fmt::format("{} bytes that are no frame of the radar, which are 30 bytes from AA FF 03 00 "
                     "to 55 CC (check the baud rate, usually 256000)",
                     bytes.size())});
    return;
  }
  if (bytes.starts_with(kAnswerHead)) return;
  Observation observation;
  observation.kind = Kind::level;
  observation.occupancy = 0;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::string_view slot = bytes.substr(kHead.size() + i * kSlot, kSlot);
    if (slot.find_first_not_of('\0') == std::string_view::npos) continue;
    if (const char* why = impossible(slot)) {
      out.rejects.push_back({RejectKind::sanity, fmt::format("slot {}: {}", i + 1, why)});
      return;
    }
    ++*observation.occupancy;
  }
  out.observations.push_back(std::move(observation));
}

}  // namespace lintel::bridge::decoders
