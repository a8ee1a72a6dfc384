#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/frame.hpp"
#include "firmware-bridge/core/modbus.hpp"
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
  /// Identity -> the decoder of what an envelope carries for it; absent: the envelope finds out.
  std::map<std::string, std::string, std::less<>> payloads{};

  [[nodiscard]] const LineMap& lines_of(std::string_view sensor) const {
    const auto found = sensors.find(sensor);
    return found == sensors.end() ? lines : found->second;
  }
};

/// What carries a format, and how a byte stream is cut into frames before a decoder sees it. Transports that
/// delimit messages themselves, as MQTT does, pass each message whole whatever this says.
enum class Framing {
  message,  ///< only such transports can carry the format
  lines,    ///< text lines ended by LF, CR or CR LF
  packets,  ///< binary packets that the decoder finds itself, see Decoder::next_packet
  modbus,   ///< answers to Modbus RTU requests, checksum included; the frame's topic is the request in hex
  uplink,   ///< payloads of LoRaWAN uplinks, inside a network server's envelope or bare
};

/// The next packet in a stream: `skip` bytes of noise, then `length` bytes of packet. A length of 0 means
/// that what follows the noise may be the beginning of a packet whose end has not arrived.
struct PacketCut {
  std::size_t skip = 0;
  std::size_t length = 0;
};

/// The small memory a format needs between frames of one link (for example: "the board has just
/// restarted"). Owned by the caller, one per link and decoder. Copyable.
struct DecodeSession {
  bool restarted = false;  ///< the device said so, and has counted nobody since
  bool counted = false;    ///< somebody was counted since the session began
  bool sentences = false;  ///< the device prints whole sentences: a bare number is what is left of one
  bool noisy = false;      ///< the last frame was no text: what is short enough to be chance is not trusted
  /// What a device says once and refers to ever after, as the aliases of a Sparkplug birth. Bounded by the
  /// decoder; the caller keeps it across restarts of the process.
  std::map<std::string, std::string, std::less<>> notes{};
  bool notes_changed = false;  ///< set by the decoder, cleared by the caller once they are kept
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

  /// Framing::packets only: finds the first packet in what a stream has brought and nobody took yet. Must
  /// take something, or ask for more by a length of 0, and never ask for more than 4096 bytes.
  [[nodiscard]] virtual PacketCut next_packet(std::string_view bytes) const { return {bytes.size(), 0}; }

  /// Framing::modbus only: what every unit is asked in every round. Each answer becomes a frame of its own.
  [[nodiscard]] virtual std::vector<ModbusRead> reads() const { return {}; }

  /// Whether these bytes are this format's and of no other: what discovery and envelopes go by. The
  /// default holds where a frame that decodes to something, and to no reject, can be nothing else.
  [[nodiscard]] virtual bool recognises(const Frame& frame) const;

  /// Appends to `out`, which the caller has cleared. A frame that is valid but counts nobody adds
  /// nothing; one that cannot be understood adds a reject.
  virtual void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
                      Decoded& out) const = 0;
};

}  // namespace lintel::bridge
