#include "firmware-bridge/core/stream_framer.hpp"

namespace lintel::bridge {

namespace {

PacketCut all_noise(std::string_view bytes) {
  return {bytes.size(), 0};
}

}  // namespace

StreamFramer::StreamFramer(const Decoder& decoder)
    : packets_(decoder.framing() == Framing::packets),
      packet_framer_([&decoder](std::string_view bytes) { return decoder.next_packet(bytes); }),
      stands_alone_([&decoder](std::string_view line) { return decoder.stands_alone(line); }) {}

StreamFramer::StreamFramer(StandsAlone stands_alone)
    : packets_(false), packet_framer_(all_noise), stands_alone_(std::move(stands_alone)) {}

void StreamFramer::reset() {
  lines_.reset();
  packet_framer_.reset();
}

}  // namespace lintel::bridge
