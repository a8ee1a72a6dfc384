#include "firmware-bridge/links/recent_packets.hpp"

#include <algorithm>
#include <cstring>

#include "firmware-bridge/links/crc32c.hpp"

namespace lintel::bridge::links {

namespace {

// Saved: per link one byte with the length of its name, the name, one byte with the number of packets, and
// per packet id, checksum and size, all in the machine's byte order: the file never leaves the machine.
constexpr std::size_t kPacketBytes = 10;

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
T take(std::string_view& in) {
  T value{};
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return value;
}

}  // namespace

RecentPackets::Packet RecentPackets::packet_of(const Frame& frame) {
  return {frame.packet_id, crc32c(frame.payload, crc32c(frame.topic)),
          static_cast<std::uint32_t>(frame.payload.size())};
}

bool RecentPackets::is_repeat(const Frame& frame) const {
  if (!frame.dup || frame.packet_id == 0) return false;
  const auto found = links_.find(frame.link);
  if (found == links_.end()) return false;
  return std::find(found->second.begin(), found->second.end(), packet_of(frame)) != found->second.end();
}

void RecentPackets::note(const Frame& frame) {
  if (frame.packet_id == 0) return;
  auto found = links_.find(frame.link);
  if (found == links_.end()) found = links_.emplace(std::string(frame.link), std::deque<Packet>{}).first;
  found->second.push_back(packet_of(frame));
  if (found->second.size() > kRemembered) found->second.pop_front();
}

std::string RecentPackets::save() const {
  std::string out;
  for (const auto& [link, packets] : links_) {
    const auto count = std::min(packets.size(), kSaved);
    put(out, static_cast<std::uint8_t>(link.size()));
    out += link;
    put(out, static_cast<std::uint8_t>(count));
    for (auto packet = packets.end() - static_cast<std::ptrdiff_t>(count); packet != packets.end();
         ++packet) {
      put(out, packet->id);
      put(out, packet->checksum);
      put(out, packet->size);
    }
  }
  return out;
}

void RecentPackets::restore(std::string_view saved) {
  links_.clear();
  while (!saved.empty()) {
    const auto length = take<std::uint8_t>(saved);
    if (saved.size() < length + 1U) return;
    auto& packets = links_[std::string(saved.substr(0, length))];
    saved.remove_prefix(length);
    const auto count = take<std::uint8_t>(saved);
    if (saved.size() < count * kPacketBytes) return;
    for (int i = 0; i < count; ++i) {
      Packet packet{};
      packet.id = take<std::uint16_t>(saved);
      packet.checksum = take<std::uint32_t>(saved);
      packet.size = take<std::uint32_t>(saved);
      packets.push_back(packet);
    }
  }
}

}  // namespace lintel::bridge::links
