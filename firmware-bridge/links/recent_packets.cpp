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

RecentPackets::Content RecentPackets::content_of(const Frame& frame) {
  return {crc32c(frame.payload, crc32c(frame.topic)), static_cast<std::uint32_t>(frame.payload.size()), true};
}

bool RecentPackets::is_repeat(const Frame& frame) const {
  if (!frame.dup || frame.packet_id == 0) return false;
  const auto found = links_.find(frame.link);
  return found != links_.end() && found->second.packets[frame.packet_id] == content_of(frame);
}

void RecentPackets::note(const Frame& frame) {
  if (frame.packet_id == 0) return;
  auto found = links_.find(frame.link);
  if (found == links_.end()) found = links_.try_emplace(std::string(frame.link)).first;
  note(found->second, frame.packet_id, content_of(frame));
}

void RecentPackets::note(Link& link, std::uint16_t id, Content content) {
  link.packets[id] = content;
  link.latest.push_back(id);
  if (link.latest.size() > kSaved) link.latest.pop_front();
}

std::string RecentPackets::save() const {
  std::string out;
  for (const auto& [name, link] : links_) {
    put(out, static_cast<std::uint8_t>(name.size()));
    out += name;
    put(out, static_cast<std::uint8_t>(link.latest.size()));
    for (const auto id : link.latest) {
      put(out, id);
      put(out, link.packets[id].checksum);
      put(out, link.packets[id].size);
    }
  }
  return out;
}

void RecentPackets::restore(std::string_view saved) {
  links_.clear();
  while (!saved.empty()) {
    const auto length = take<std::uint8_t>(saved);
    if (saved.size() < length + 1U) return;
    auto& link = links_[std::string(saved.substr(0, length))];
    saved.remove_prefix(length);
    const auto count = take<std::uint8_t>(saved);
    if (saved.size() < count * kPacketBytes) return;
    for (int i = 0; i < count; ++i) {
      const auto id = take<std::uint16_t>(saved);
      const auto checksum = take<std::uint32_t>(saved);
      const auto size = take<std::uint32_t>(saved);
      note(link, id, {checksum, size, true});
    }
  }
}

}  // namespace lintel::bridge::links
