#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/core/line_framer.hpp"
#include "firmware-bridge/core/packet_framer.hpp"

namespace lintel::bridge {

/// Cuts a byte stream into frames the way a decoder says: text lines or binary packets. What a frame means is
/// not looked at. Not thread-safe; one framer per stream.
///
/// `on_frame(std::string_view frame, bool overlong)`: a frame that is overlong is the beginning of a line
/// that exceeded the bounds. The view lives only as long as the call.
class StreamFramer {
 public:
  using StandsAlone = std::function<bool(std::string_view)>;

  /// Whether a byte stream can carry what the decoder understands.
  static bool carries(const Decoder& decoder) {
    return decoder.framing() == Framing::lines || decoder.framing() == Framing::packets;
  }

  /// Of a decoder that has to outlive it. Formats that no byte stream carries are cut into lines.
  explicit StreamFramer(const Decoder& decoder);
  /// Text lines; `stands_alone` as in Decoder.
  explicit StreamFramer(StandsAlone stands_alone);

  template <class F>
  void feed(std::string_view bytes, F&& on_frame) {
    if (!packets_) return lines_.feed(bytes, on_frame);
    packet_framer_.feed(bytes, [&](std::string_view packet) { on_frame(packet, false); });
  }

  /// Nothing has come for a while: passes on a line that may stand without its end, gives up a packet.
  template <class F>
  void silence(F&& on_frame) {
    if (packets_) {
      packet_framer_.silence([&](std::string_view packet) { on_frame(packet, false); });
    } else if (!lines_.pending().empty() && stands_alone_(lines_.pending())) {
      lines_.finish(on_frame);
    }
  }

  /// The stream has ended: passes on what is left.
  template <class F>
  void finish(F&& on_frame) {
    if (!packets_) return lines_.finish(on_frame);
    packet_framer_.finish([&](std::string_view packet) { on_frame(packet, false); });
  }

  /// Forgets what has begun, as after the stream was opened anew.
  void reset();

  [[nodiscard]] bool packets() const { return packets_; }

 private:
  bool packets_;
  LineFramer lines_;
  PacketFramer packet_framer_;
  StandsAlone stands_alone_;
};

}  // namespace lintel::bridge
