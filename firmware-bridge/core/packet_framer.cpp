#include "firmware-bridge/core/packet_framer.hpp"

#include <algorithm>

namespace lintel::bridge {

PacketFramer::PacketFramer(Cut cut) : cut_(std::move(cut)) {}

std::string_view PacketFramer::take(std::string_view bytes) {
  const std::size_t room = kMaxPacket - bytes_.size();
  const std::size_t taken = std::min(room, bytes.size());
  bytes_.append(bytes.substr(0, taken));
  return bytes.substr(taken);
}

bool PacketFramer::next() {
  while (!bytes_.empty() || noise_.size() >= kMaxNoise) {
    if (noise_.size() >= kMaxNoise) return noise_frame(false);
    PacketCut cut = cut_(bytes_);
    cut.skip = std::min(cut.skip, bytes_.size());
    cut.length = std::min(cut.length, bytes_.size() - cut.skip);
    // A packet that asks for more than there may ever be is none: its first byte is noise.
    if (cut.skip == 0 && cut.length == 0 && bytes_.size() >= kMaxPacket) cut.skip = 1;
    // Noise goes out in stretches whose ends do not depend on how the bytes came.
    const std::size_t skip = std::min(cut.skip, kMaxNoise - noise_.size());
    noise_.append(bytes_, 0, skip);
    bytes_.erase(0, skip);
    if (skip < cut.skip || noise_.size() >= kMaxNoise) continue;
    if (cut.length == 0) {
      if (cut.skip == 0) return false;
      continue;
    }
    if (opening_) noise_.clear();
    opening_ = false;
    if (!noise_.empty()) return noise_frame(true);
    frame_.assign(bytes_, 0, cut.length);
    bytes_.erase(0, cut.length);
    return true;
  }
  return false;
}

bool PacketFramer::give_up() {
  while (true) {
    if (next()) return true;
    if (bytes_.empty()) break;
    noise_ += bytes_.front();
    bytes_.erase(0, 1);
  }
  const bool passed_over = opening_ && noise_.size() < kMaxNoise;
  if (passed_over) noise_.clear();
  opening_ = false;
  return !noise_.empty() && noise_frame(true);
}

bool PacketFramer::noise_frame(bool whole) {
  opening_ = false;
  const std::size_t length = whole ? noise_.size() : kMaxNoise;
  frame_.assign(noise_, 0, length);
  noise_.erase(0, length);
  return true;
}

void PacketFramer::reset() {
  bytes_.clear();
  noise_.clear();
  opening_ = true;
}

}  // namespace lintel::bridge
