#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge {

/// Cuts a byte stream into packets where `cut` (Decoder::next_packet) finds them. How the bytes were chunked
/// makes no difference to what comes out. Not thread-safe; one framer per stream.
///
/// What lies between packets is noise. It is passed on as well, joined, in frames of at most kMaxNoise bytes,
/// so that it is refused with a reason instead of being lost unseen. Only what comes before the first packet
/// of a stream that was opened in its middle is passed over, as long as it is no more than kMaxNoise bytes.
/// Memory never exceeds kMaxPacket + kMaxNoise bytes.
class PacketFramer {
 public:
  using Cut = std::function<PacketCut(std::string_view)>;

  static constexpr std::size_t kMaxPacket = 4096;
  static constexpr std::size_t kMaxNoise = 256;

  explicit PacketFramer(Cut cut);

  /// Calls `on_frame(std::string_view)` for every packet and every stretch of noise that ends within `bytes`.
  /// The view lives only as long as the call.
  template <class F>
  void feed(std::string_view bytes, F&& on_frame) {
    do {
      bytes = take(bytes);
      while (next()) on_frame(std::string_view(frame_));
    } while (!bytes.empty());
  }

  /// The line fell silent: a packet that has begun will not end any more. What is in it is looked through
  /// again.
  template <class F>
  void silence(F&& on_frame) {
    while (give_up()) on_frame(std::string_view(frame_));
  }

  /// The stream has ended, as a file does: what no packet was found in is passed on too.
  template <class F>
  void finish(F&& on_frame) {
    opening_ = false;
    silence(std::forward<F>(on_frame));
  }

  /// Forgets everything, as after the stream was opened anew.
  void reset();

  /// Whether a packet has begun whose end has not come.
  [[nodiscard]] bool pending() const { return !bytes_.empty() || !noise_.empty(); }

 private:
  /// Keeps as much of `bytes` as there is room for; the rest.
  std::string_view take(std::string_view bytes);
  /// True when `frame_` holds the next frame.
  bool next();
  bool give_up();
  bool noise_frame(bool whole);

  Cut cut_;
  std::string bytes_;  ///< not looked at, or the beginning of a packet
  std::string noise_;
  std::string frame_;
  bool opening_ = true;  ///< before the first packet
};

}  // namespace lintel::bridge
