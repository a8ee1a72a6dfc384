#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// Notifications of Hikvision's people-counting cameras (ISAPI), one XML document a frame. The camera posts
/// them to a listening host or sends them as parts of its alert stream; whoever carries them cuts the parts.
/// EZVIZ's cloud wraps them in JSON, as a text somewhere in the body; both are accepted.
///
///   EventNotificationAlert
///     macAddress                       identity; absent: header/deviceId of the JSON, else the link's
///     channelID                        camera of a recorder: other than 1 it stands before the line, "2/1"
///     dateTime                         when it was sent: may be days after what it states
///     isDataRetransmission             true: kept while offline and sent again, the flag historical
///     peopleCounting
///       statisticalMethods             realTime: totals since a reset; timeRange: counts of a window
///       RealTime/time                  instant of the totals
///       TimeRange/startTime, endTime   the window
///       enter, exit                    in and out
///       regionsID, regionID            counting line; absent: "1", a camera with a single line
///       pass, duplicatePeople          passers-by and filtered re-entries: flags, no counts
///     childCounting/enter, exit        flags: by model part of the count or beside it
///
/// Times are ISO 8601 with offset. Namespaces differ between firmware versions and are ignored. Other events
/// of the same stream (loss of video, motion, inputs) count nobody; those that say that somebody covered the
/// camera or that its picture is gone are reported. activePostCount is no sequence number.
///
/// Source: notifications of five unrelated cameras published between 2017 and 2024, EZVIZ's message push
/// documentation. See tests/corpus/README.md.
class HikvisionPeopleCounting final : public Decoder {
 public:
  [[nodiscard]] std::string_view name() const override { return "hikvision-peoplecounting"; }
  [[nodiscard]] std::string_view summary() const override {
    return "Hikvision people-counting cameras, ISAPI XML over HTTP";
  }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;
};

}  // namespace lintel::bridge::decoders
