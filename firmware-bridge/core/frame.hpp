#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/time.hpp"

namespace lintel::bridge {

/// Names a message in a broker's journal (firmware-bridge/broker-journal): which journal, and where in it the
/// record begins. Of one journal, later messages have greater places.
struct JournalPlace {
  std::uint32_t journal = 0;  ///< 0: none
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;

  friend auto operator<=>(const JournalPlace&, const JournalPlace&) = default;
};

/// What a link received, before anybody interpreted it. Views point into the spool or into the
/// caller's buffer and live only as long as the call that passes the frame.
struct Frame {
  std::string_view link;        ///< name of the link, the stem of its file in links.d/
  std::string_view topic;       ///< what it was addressed by: MQTT topic; HTTP path and query; on Modbus the
                                ///< request it answers, in hex; empty on serial streams
  std::string_view payload;     ///< bytes as received; of a stream one line without its end, or one packet
  BootId boot{};                ///< boot in which it arrived
  BootTime arrived{};           ///< arrival on that boot's clock
  std::uint16_t packet_id = 0;  ///< MQTT packet identifier, 0 for QoS 0 and other links
  std::uint8_t qos = 0;
  bool dup = false;                    ///< the broker says it may have sent this before
  bool retained = false;               ///< kept by the broker from earlier: state, not news
  std::optional<std::uint8_t> port{};  ///< LoRaWAN FPort, set by the envelope that unwrapped the frame
  JournalPlace journal{};              ///< where the broker's journal has it, as far as that is known
  bool from_journal = false;           ///< it was read there, and did not come over the network
  std::uint32_t full_size = 0;  ///< the payload was too large to keep: its size; `payload` is its beginning
};

/// Where links put frames. `append` returns only after the frame would survive a SIGKILL of the
/// process, so a link may acknowledge to its sensor as soon as it returns true.
/// Thread-safe; false means that the frame is not kept and must not be acknowledged.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  [[nodiscard]] virtual bool append(const Frame& frame) noexcept = 0;
};

/// Tells links whose senders want to know when their frames have become rows, flushed to the medium.
/// Thread-safe.
class Commits {
 public:
  virtual ~Commits() = default;
  /// Calls `done` once, on the loop's thread, as soon as every frame appended before this call is
  /// committed; never, if the process ends before. A frame that went to quarantine is committed too.
  virtual void when_committed(std::function<void()> done) = 0;
};

}  // namespace lintel::bridge
