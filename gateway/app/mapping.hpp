#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "firmware-bridge/core/decoder.hpp"
#include "gateway/config/config.hpp"
#include "gateway/counting/series.hpp"
#include "gateway/store/regions.hpp"
#include "gateway/store/sensors.hpp"

namespace lintel::app {

/// How one sensor is mounted and read, after everybody who has a say in it. The strongest first: a file of
/// sensors.d that is pinned; what HQ says and what `lintel sensors set` said, the newer of the two; a file
/// that is not pinned; the default.
struct Mapping {
  std::string name;  ///< from sensors.d, if that is what holds; else empty: the table's stays
  bool invert = false;
  std::vector<store::Pastime> past;  ///< directions of before
  std::string timezone;              ///< empty: the store's
  std::chrono::seconds expected_interval{0};
  bridge::LineMap lines;
  store::Names line_names;
  store::Names region_names;

  /// The direction that held when a reading ended. What ended before a change keeps its own, so a window
  /// that a device states again, or a frame that is replayed, does not turn around what was counted.
  [[nodiscard]] bool inverted_at(UtcMs end) const;
};

/// Either may be null. Settings that cannot be understood count for nothing.
Mapping mapping_of(const config::Sensor* file, const store::Sensor* sensor);

/// Puts the devices that `replaces` in sensors.d names behind the doors of those before them; true when any
/// door changed. A new device that was counted under a sensor of its own meanwhile leaves there what it has
/// counted; that sensor is archived under the serial "SERIAL@ID".
bool change_devices(const std::vector<config::Sensor>& files, store::Sensors& sensors,
                    counting::SeriesStates& series, UtcMs now);

/// The serial of the device that has taken the place of this one; empty: it was never replaced.
std::string successor(const std::vector<config::Sensor>& files, store::Sensors& sensors,
                      std::string_view serial);

/// The regions that sensors.d describes.
std::vector<store::RegionInFile> regions_of(const config::Config& config);

/// Writes down what counting goes by from now on, where that differs from before: the direction that ends
/// here, and for each line the running totals of the channels that it is made of now, so that channels
/// that change places look neither like a reset nor like people. `tell`: HQ has not been told of it by
/// another entry of the journal. False when nothing had changed.
bool settle(store::Sensors& sensors, store::Sensor& sensor, const config::Sensor* file,
            const Mapping& mapping, counting::SeriesStates& series, UtcMs now, bool tell = true);

}  // namespace lintel::app
