#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Looks for a packet at every place of a stream, the first that fits wins (Decoder::next_packet).
/// `measure(std::string_view bytes)` says of the packet that would begin at their front: its length; 0 where
/// none can begin there; nothing while that cannot be told without more bytes. What it said with fewer bytes,
/// unless it was nothing, it must say with more.
template <class Measure>
PacketCut find_packet(std::string_view bytes, Measure&& measure) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::optional<std::size_t> length = measure(bytes.substr(at));
    if (!length) return {at, 0};
    if (*length > 0) return {at, *length};
  }
  return {bytes.size(), 0};
}

/// Whether `bytes` may still become something that begins with `head`.
inline bool begins_like(std::string_view bytes, std::string_view head) {
  return bytes.size() < head.size() ? head.starts_with(bytes) : bytes.starts_with(head);
}

}  // namespace lintel::bridge::decoders
