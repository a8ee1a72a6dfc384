#pragma once

#include <map>
#include <string>
#include <string_view>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/observation.hpp"

namespace lintel::bridge {

/// Which of a device's channels count in and which out, for one named line.
struct ChannelMap {
  std::string in;
  std::string out;
};

/// What the installation knows and the payload does not say.
struct DecodeSettings {
  std::map<std::string, ChannelMap, std::less<>> lines;  ///< line name -> channels
};

/// How a byte stream is cut into frames before a decoder sees it.
enum class Framing {
  message,  ///< the transport delimits messages (MQTT)
  lines,    ///< text lines ended by LF, CR or CR LF
};

/// The small memory a stream format needs between frames of one link (for example: "the board has
/// just restarted"). Owned by the caller, one per link and decoder, lost at a restart without harm.
struct DecodeSession {
  bool restarted = false;
};

/// A pure function from a frame to what it states. No I/O, no clock, no configuration beyond its
/// arguments; never throws on any bytes; the same arguments give the same answer.
class Decoder {
 public:
  virtual ~Decoder() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;     ///< "milesight-vs125"
  [[nodiscard]] virtual std::string_view summary() const = 0;  ///< one line for people
  [[nodiscard]] virtual Framing framing() const = 0;

  /// Appends to `out`, which the caller has cleared. A frame that is valid but counts nobody adds
  /// nothing; one that cannot be understood adds a reject.
  virtual void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
                      Decoded& out) const = 0;
};

}  // namespace lintel::bridge
