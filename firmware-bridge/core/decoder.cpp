#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge {

bool Decoder::recognises(const Frame& frame) const {
  DecodeSession session;
  Decoded decoded;
  decode(frame, {}, session, decoded);
  return !decoded.observations.empty() && decoded.rejects.empty();
}

}  // namespace lintel::bridge
