#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/decoders/byte_reader.hpp"

namespace lintel::bridge::decoders {

/// How many bytes follow those that a channel always has, told by these and by what may come after them.
/// Nothing: a record of a kind that is not known.
using RestOfChannel = std::optional<std::size_t> (*)(std::string_view head, std::string_view after);

/// What a device sends after one pair of channel and type.
struct ChannelLayout {
  std::uint8_t channel;
  std::uint8_t type;
  std::uint8_t length;
  RestOfChannel rest = nullptr;
};

/// What a device sends after a pair of 0xFE or 0xFF (0xF8, 0xF9) and type when it confirms a downlink.
struct AnswerLayout {
  std::uint8_t type;
  std::uint8_t length;
};

/// The channels of one family of Milesight's LoRaWAN devices:
///
///   channel u8, type u8, data     again and again, in any order
///
/// Numbers are little endian unless a device says otherwise.
/// There is no length: it follows from the pair, so that nothing behind an unknown pair can be read. The same
/// pair means other things in other models. What all models share is known here:
///
///   FF 01 u8        protocol version        FF 0A u8 u8   firmware, in hex digits: 01 10 = 1.10
///   FF 09 2 bytes   hardware version        FF 1F u8 x 4  firmware
///   FF 16 8 bytes   serial number           FF FF 2 bytes version of the data model
///   FF 0B u8        switched on             FF 0F u8      LoRaWAN class        FF FE u8   was reset
///   FE .., FF ..    answers to downlinks
///   F8 .., F9 ..    the same; F8 has a byte behind it that tells the result
///
/// Answers count nobody. Source: the READMEs and the lengths in Milesight-IoT/SensorDecoders (the vendor's).
struct Dialect {
  std::span<const ChannelLayout> channels;
  std::span<const ChannelLayout> family{};  ///< more, shared with sister models
  std::span<const AnswerLayout> answers{};
  std::span<const AnswerLayout> extended{};
};

/// A channel whose data is all there.
struct Channel {
  std::uint8_t channel = 0;
  std::uint8_t type = 0;
  std::size_t offset = 0;  ///< of the pair in the payload, for messages
  ByteReader data{{}};

  [[nodiscard]] std::uint16_t pair() const { return static_cast<std::uint16_t>(channel << 8 | type); }
};

/// Goes over the channels of one uplink. Stops with a reject at the first pair that the dialect does not know
/// (unsupported) or whose data is cut off (length); what came before stands. An uplink that is empty, or
/// longer than LoRaWAN can carry, is one reject. `payload`, `dialect` and `out` must outlive it.
class ChannelWalk {
 public:
  ChannelWalk(std::string_view payload, const Dialect& dialect, Decoded& out);

  /// The next channel of the dialect's own; what all models share goes into the report on the way.
  std::optional<Channel> next();

  /// What the device says of itself; `finish` passes it on if anybody asked for it.
  DeviceReport& report();
  void finish();

 private:
  struct Found {
    Channel channel;
    bool own = false;
  };
  std::optional<Found> read();
  std::optional<std::size_t> length_of(const Channel& channel, std::string_view after, bool& own) const;
  void note(Channel channel);
  std::nullopt_t stop(RejectKind kind, std::string message);

  std::string_view payload_;
  const Dialect& dialect_;
  Decoded& out_;
  std::size_t offset_ = 0;
  DeviceReport report_;
  bool reported_ = false;
};

/// A battery's charge in percent, as every model sends it; more than 100 means that it cannot tell.
std::optional<int> read_percent(ByteReader& data);

/// The pairs of an uplink that the dialect understands to its last byte, channel in the high half; none for
/// any other bytes.
std::vector<std::uint16_t> pairs_of(std::string_view payload, const Dialect& dialect);

/// Whether one of `pairs` is among the `telling` ones.
bool any_of(const std::vector<std::uint16_t>& pairs, std::span<const std::uint16_t> telling);

/// Sets the instant that the device itself gives in seconds since 1970, and with it a repeat key: what is
/// stored in the device and sent again later states the same kind for the same second.
void stamp(Observation& observation, std::uint32_t seconds);

}  // namespace lintel::bridge::decoders
