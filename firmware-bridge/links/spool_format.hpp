#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"

/// The bytes of a spool segment. All numbers are little-endian.
///
///   segment := header record*
///   header  :=  0  8  magic "LNTLSPL1"
///               8  4  number of the segment, as in its file name
///              12  4  of a broker's journal a random number that all its segments share, of a spool zero
///              16 16  boot id: all records of a segment arrived in this boot
///              32  8  nonce, random per segment
///              40  4  zero
///              44  4  crc32c of bytes 0..43
///   record  :=  0  4  crc32c of bytes 4..end, xor the low half of the nonce
///               4  4  size of the whole record, these 8 bytes included
///               8  1  flags: bits 0-1 qos, 2 dup, 3 retained, 4 payload was cut, 5 it has a place in a
///                     broker's journal, 6 it was read from there; 7 zero
///               9  1  length of the link's name, at least 1
///              10  2  MQTT packet id, 0 where there is none
///              12  2  length of the topic
///              14  2  zero
///              16  8  arrival, CLOCK_BOOTTIME in ns
///              24  4  size of the payload as received (larger than what follows if it was cut)
///              28     with bit 5: journal, segment and offset of its place, 4 bytes each
///                     link, topic, payload (the rest)
///
/// The nonce keeps bytes of another segment, which a file system may show after a power cut, from being
/// taken for records of this one.
namespace lintel::bridge::links::format {

constexpr std::size_t kHeaderSize = 48;
constexpr std::size_t kRecordHeadSize = 28;
constexpr std::size_t kPlaceSize = 12;

struct SegmentHeader {
  std::uint32_t number = 0;
  std::uint32_t journal = 0;
  BootId boot{};
  std::uint64_t nonce = 0;
};

std::array<char, kHeaderSize> encode(const SegmentHeader& header);
/// False if the bytes are not a whole, unharmed header.
bool decode(std::string_view bytes, SegmentHeader& header);

/// What stands before a frame's texts.
struct Head {
  std::array<char, kRecordHeadSize + kPlaceSize> bytes{};
  std::size_t size = kRecordHeadSize;
};

/// The crc is still without the nonce. `payload` is what is kept of `frame.payload`, its beginning. The
/// link's name is taken up to 255 bytes, the topic up to 65,535 (MQTT allows no more).
Head encode_head(const Frame& frame, std::string_view payload) noexcept;
void apply_nonce(Head& head, std::uint64_t nonce) noexcept;
std::string_view link_part(const Frame& frame) noexcept;
std::string_view topic_part(const Frame& frame) noexcept;

/// The size that a record at the front of `bytes` (8 bytes at least) claims to have.
std::uint32_t claimed_size(std::string_view bytes) noexcept;
/// False if a whole, unharmed record does not stand at the front of `bytes`. The frame's views point
/// into `bytes`; its boot is the segment's.
bool decode(std::string_view bytes, const SegmentHeader& header, Frame& frame) noexcept;

}  // namespace lintel::bridge::links::format
