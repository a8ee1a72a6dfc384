#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware-bridge/decoders/uplinks/milesight_channels.hpp"

namespace lintel::bridge::decoders {

/// The channels that VS350, VS351 and VS360 share, all about the whole device:
///
///   04 CC  u16 u16       total: in and out; 16 bits, set back by downlink or by a schedule
///   05 CC  u16 u16       interval: in and out since the last report
///   84 CC  u16 u16 u8    the total again, sent because a threshold was passed (1): flag threshold_alarm
///   85 CC  u16 u16 u8    the interval, likewise
///   0A EF  u32           Unix seconds of this report, wherever in the uplink it stands
///   20 CE  u32 u8 ..     stored in the device: Unix seconds, kind; kind 0: interval u16 u16,
///                        kind 1: interval u16 u16, total u16 u16; flag historical
///
/// Stored records are sent after an outage: late, and possibly of what has been received already. Whatever
/// has a time of the device therefore has a repeat key of kind and second. Whether a record's time is the
/// beginning or the end of its interval is not documented; its end is taken, as by the vendor's other
/// products.
Dialect passage_dialect(std::span<const ChannelLayout> channels);

/// Puts one uplink's counts together.
class Passages {
 public:
  /// Takes the channels above and leaves the others alone.
  void read(const Channel& channel);

  /// Passes the counts on, each with `flag` unless that is empty.
  void finish(const std::string& flag, Decoded& out);

 private:
  void add(Kind kind, ByteReader& data, std::optional<std::uint32_t> stored);

  std::vector<Observation> observations_;
  std::optional<std::uint32_t> reported_at_;
};

}  // namespace lintel::bridge::decoders
