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

using LineMap = std::map<std::string, ChannelMap, std::less<>>;  ///< line name -> channels

/// What the installation knows and the payload does not say. One link may carry several devices, whose
/// identity only the decoder finds out, so the channels of each are looked up here.
struct DecodeSettings {
  LineMap lines;                                          ///< of devices without an entry of their own
  std::map<std::string, LineMap, std::less<>> sensors{};  ///< identity -> its lines

  [[nodiscard]] const LineMap& lines_of(std::string_view sensor) const {
    const auto found = sensors.find(sensor);
    return found == sensors.end() ? lines : found->second;
  }
};

/// How a byte stream is cut into frames before a decoder sees it. Transports that delimit messages
/// themselves, as MQTT does, pass each message whole whatever this says.
enum class Framing {
  message,  ///< only such transports can carry the format
  lines,    ///< text lines ended by LF, CR or CR LF
};

/// The small memory a stream format needs between frames of one link (for example: "the board has
/// just restarted"). Owned by the caller, one per link and decoder, lost at a restart without harm.
struct DecodeSession {
  bool restarted = false;  ///< the device said so, and has counted nobody since
  bool counted = false;    ///< somebody was counted since the session began
  bool sentences = false;  ///< the device prints whole sentences: a bare number is what is left of one
  bool noisy = false;      ///< the last frame was no text: what is short enough to be chance is not trusted
};

/// A pure function from a frame to what it states. No I/O, no clock, no configuration beyond its
/// arguments; never throws on any bytes; the same arguments give the same answer.
class Decoder {
 public:
  virtual ~Decoder() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;     ///< "milesight-vs125"
  [[nodiscard]] virtual std::string_view summary() const = 0;  ///< one line for people
  [[nodiscard]] virtual Framing framing() const = 0;

  /// Whether a line may be passed on before its end has arrived, when the stream has fallen silent:
  /// true only where nothing that follows could change what these bytes mean.
  [[nodiscard]] virtual bool stands_alone(std::string_view /*unfinished*/) const { return false; }

  /// Appends to `out`, which the caller has cleared. A frame that is valid but counts nobody adds
  /// nothing; one that cannot be understood adds a reject.
  virtual void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
                      Decoded& out) const = 0;
};

}  // namespace lintel::bridge
