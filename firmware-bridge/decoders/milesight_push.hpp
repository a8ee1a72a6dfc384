#pragma once

#include "firmware-bridge/core/decoder.hpp"

namespace lintel::bridge::decoders {

/// The JSON that Milesight's networked people counters push over MQTT or HTTP. The two families differ in
/// where a line keeps its counts: below `total` (VS125) or in the line itself (VS133, VS135). Both are
/// accepted under either name, because firmware versions have been seen to change it.
///
///   /device_info/device_sn         identity; without it nothing can be counted
///   /device_info/running_time      seconds since the device started
///   /time_info                     `time`, or `start_time` and `end_time`, ISO 8601 with offset
///   /line_trigger_data/N           event: somebody crossed just now
///   /line_periodic_data/N          interval: counts between start_time and end_time
///   /line_total_data/N             total: in_counted, out_counted since the last reset
///   .../region_count_data/N        level: people in a region now
///
/// One message may state the passages of a line as interval and as total: both are reported, and whoever
/// counts has to choose. `capacity_counted` is in minus out and no occupancy: it becomes the flag device_net.
/// Dwell times and what else the device can switch on count nobody and are passed over.
///
/// Sources: Milesight VS125 user guide, "Recipient and API"; a live capture of 2026-07-31; for the flat
/// form the field layout shared by two independent VS13x decoders. See tests/corpus/README.md.
class MilesightPush final : public Decoder {
 public:
  constexpr MilesightPush(std::string_view name, std::string_view summary) : name_(name), summary_(summary) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view summary() const override { return summary_; }
  [[nodiscard]] Framing framing() const override { return Framing::message; }
  void decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& session,
              Decoded& out) const override;

 private:
  std::string_view name_;
  std::string_view summary_;
};

}  // namespace lintel::bridge::decoders
