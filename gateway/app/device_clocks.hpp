#pragma once

#include <map>
#include <string>
#include <string_view>

#include "gateway/app/device_clock.hpp"
#include "gateway/store/sensors.hpp"

namespace lintel::app {

/// The clocks of all devices, by the identity they state. Writer thread only.
class DeviceClocks {
 public:
  /// A payload can name any number of devices; those beyond the limit are not watched.
  static constexpr std::size_t kMost = 2 * store::Sensors::kMostUnnamed;

  /// Whether the times in a frame can be held against its arrival: it came by itself, at a known time.
  [[nodiscard]] static bool judged(bool retained, const clock::Arrival& arrival) {
    return !retained && arrival.source != clock::Source::bounds;
  }

  /// The clock of a device, begun with what was kept of it where `sensor` is known; null: too many.
  DeviceClock* of(std::string_view identity, const store::Sensor* sensor);
  /// Null: nothing it stated had a time.
  DeviceClock* find(std::string_view identity);
  /// Keeps the verdict with the sensor where it has changed. Inside the writer's batch.
  static void keep(const DeviceClock& clock, store::Sensors& sensors, store::Sensor& sensor, UtcMs now);
  /// The gateway's own clock was wrong: what was measured by it says nothing.
  void forget() { clocks_.clear(); }

 private:
  std::map<std::string, DeviceClock, std::less<>> clocks_;
};

}  // namespace lintel::app
