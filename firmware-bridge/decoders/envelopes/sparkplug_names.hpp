#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/decoders/envelopes/sparkplug_payload.hpp"

namespace lintel::bridge::decoders::envelopes {

/// Who sent a message and what it is: spBv1.0/GROUP/TYPE/EDGE[/DEVICE].
struct SparkplugTopic {
  std::string_view group;
  std::string_view type;  ///< NBIRTH, DDATA, ...
  std::string_view edge;
  std::string_view device;  ///< empty: the edge node itself

  /// "EDGE/DEVICE" or "EDGE": what the installation knows the sensor by.
  [[nodiscard]] std::string identity() const;
};

/// Nothing where it is no topic of the namespace or names nobody.
std::optional<SparkplugTopic> parse_sparkplug_topic(std::string_view topic);

/// What a metric's name says it counts.
struct SparkplugMeaning {
  enum class What : unsigned char { in, out, level, presence };
  What what = What::in;
  std::string place;  ///< line of in and out, region of level and presence; empty: the whole device

  [[nodiscard]] bool passage() const { return what == What::in || what == What::out; }
};

/// Sparkplug has no names for counts. Where the installation states lines for the device, exactly the metrics
/// that it names count passages: `line = door in=Counters/A out=Counters/B`. Where it states none, the last
/// part of a name tells, in either case, if the metric is of a whole-number type:
///   Entrance/In, Line/Entrance/Out     running totals of the line Entrance
///   In, Out                            the same of the whole device
/// In both cases:
///   Shop/Occupancy, Zone/Shop/Occupancy   people in the region Shop
///   Shop/Occupied                         a truth value: whether anybody is
/// "Line/", "Lines/", "Zone/", "Zones/", "Region/" and "Regions/" in front are no part of the name. Controls
/// and properties of the node (Node Control/, Device Control/, Properties/) count nobody.
std::optional<SparkplugMeaning> meaning_of(std::string_view metric, SparkplugType type, const LineMap& lines);

}  // namespace lintel::bridge::decoders::envelopes
