#include "firmware-bridge/links/spool_format.hpp"

#include <algorithm>
#include <cstring>

#include "firmware-bridge/links/crc32c.hpp"

namespace lintel::bridge::links::format {
namespace {

constexpr std::string_view kMagic = "LNTLSPL1";
constexpr std::uint8_t kDup = 4, kRetained = 8, kCut = 16, kPlaced = 32, kFromJournal = 64, kUnused = 0x80;

template <typename T>
void put(char* at, T value) noexcept {
  std::memcpy(at, &value, sizeof value);
}

template <typename T>
T get(std::string_view bytes, std::size_t offset) noexcept {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::uint32_t mask_of(std::uint64_t nonce) noexcept {
  return static_cast<std::uint32_t>(nonce);
}

}  // namespace

std::array<char, kHeaderSize> encode(const SegmentHeader& header) {
  std::array<char, kHeaderSize> bytes{};
  std::ranges::copy(kMagic, bytes.begin());
  put(&bytes[8], header.number);
  put(&bytes[12], header.journal);
  std::memcpy(&bytes[16], header.boot.data(), header.boot.size());
  put(&bytes[32], header.nonce);
  put(&bytes[44], crc32c({bytes.data(), 44}));
  return bytes;
}

bool decode(std::string_view bytes, SegmentHeader& header) {
  if (bytes.size() < kHeaderSize || !bytes.starts_with(kMagic)) return false;
  if (get<std::uint32_t>(bytes, 44) != crc32c(bytes.substr(0, 44))) return false;
  header.number = get<std::uint32_t>(bytes, 8);
  header.journal = get<std::uint32_t>(bytes, 12);
  std::memcpy(header.boot.data(), bytes.data() + 16, header.boot.size());
  header.nonce = get<std::uint64_t>(bytes, 32);
  return true;
}

std::string_view link_part(const Frame& frame) noexcept {
  return frame.link.empty() ? std::string_view("?") : frame.link.substr(0, 255);
}

std::string_view topic_part(const Frame& frame) noexcept {
  return frame.topic.substr(0, 65'535);
}

Head encode_head(const Frame& frame, std::string_view payload) noexcept {
  Head made;
  auto& head = made.bytes;
  const std::string_view link = link_part(frame), topic = topic_part(frame);
  const bool cut = payload.size() < frame.payload.size();
  const bool placed = frame.journal.journal != 0;
  const unsigned flags = (frame.qos & 3U) | (frame.dup ? kDup : 0U) | (frame.retained ? kRetained : 0U) |
                         (cut ? kCut : 0U) | (placed ? kPlaced : 0U) |
                         (frame.from_journal ? kFromJournal : 0U);
  if (placed) made.size += kPlaceSize;
  put(&head[4], static_cast<std::uint32_t>(made.size + link.size() + topic.size() + payload.size()));
  put(&head[8], static_cast<std::uint8_t>(flags));
  put(&head[9], static_cast<std::uint8_t>(link.size()));
  put(&head[10], frame.packet_id);
  put(&head[12], static_cast<std::uint16_t>(topic.size()));
  put(&head[16], std::int64_t{frame.arrived.count()});
  put(&head[24], static_cast<std::uint32_t>(std::min<std::size_t>(frame.payload.size(), UINT32_MAX)));
  if (placed) {
    put(&head[kRecordHeadSize], frame.journal.journal);
    put(&head[kRecordHeadSize + 4], frame.journal.segment);
    put(&head[kRecordHeadSize + 8], frame.journal.offset);
  }
  std::uint32_t crc = crc32c({&head[4], made.size - 4});
  for (const std::string_view part : {link, topic, payload}) crc = crc32c(part, crc);
  put(&head[0], crc);
  return made;
}

void apply_nonce(Head& head, std::uint64_t nonce) noexcept {
  put(&head.bytes[0], get<std::uint32_t>({head.bytes.data(), head.bytes.size()}, 0) ^ mask_of(nonce));
}

std::uint32_t claimed_size(std::string_view bytes) noexcept {
  return get<std::uint32_t>(bytes, 4);
}

bool decode(std::string_view bytes, const SegmentHeader& header, Frame& frame) noexcept {
  if (bytes.size() < kRecordHeadSize) return false;
  const std::size_t size = claimed_size(bytes);
  const std::size_t link = get<std::uint8_t>(bytes, 9), topic = get<std::uint16_t>(bytes, 12);
  const unsigned flags = get<std::uint8_t>(bytes, 8);
  // The cheap conditions come first: while looking for the next whole record nearly all bytes fail here.
  const std::size_t head = kRecordHeadSize + ((flags & kPlaced) != 0 ? kPlaceSize : 0);
  if (size > bytes.size() || size < head + link + topic || link == 0 || (flags & kUnused) != 0 ||
      get<std::uint16_t>(bytes, 14) != 0) {
    return false;
  }
  bytes = bytes.substr(0, size);
  if ((get<std::uint32_t>(bytes, 0) ^ mask_of(header.nonce)) != crc32c(bytes.substr(4))) return false;
  frame.link = bytes.substr(head, link);
  frame.topic = bytes.substr(head + link, topic);
  frame.payload = bytes.substr(head + link + topic);
  frame.boot = header.boot;
  frame.arrived = BootTime{get<std::int64_t>(bytes, 16)};
  frame.packet_id = get<std::uint16_t>(bytes, 10);
  frame.qos = flags & 3U;
  frame.dup = (flags & kDup) != 0;
  frame.retained = (flags & kRetained) != 0;
  frame.journal = {};
  if ((flags & kPlaced) != 0) {
    frame.journal = {get<std::uint32_t>(bytes, kRecordHeadSize),
                     get<std::uint32_t>(bytes, kRecordHeadSize + 4),
                     get<std::uint32_t>(bytes, kRecordHeadSize + 8)};
  }
  frame.from_journal = (flags & kFromJournal) != 0;
  frame.full_size = (flags & kCut) != 0 ? get<std::uint32_t>(bytes, 24) : 0;
  return true;
}

}  // namespace lintel::bridge::links::format
