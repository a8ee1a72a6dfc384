#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "firmware-bridge/core/decoder.hpp"
#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"

namespace lintel::store {

using Names =
    std::map<std::string, std::string, std::less<>>;  ///< key of a line or region -> what people call it

/// What `sensor_metadata.settings` says of one sensor, here and at HQ. What it does not state is left to
/// sensors.d, then to the default.
///
///     {"invert": true, "timezone": "Europe/Berlin", "expected_interval_seconds": 60,
///      "lines": {"door": {"in": "C1", "out": "C2"}}, "line_names": {"1": "Main door"},
///      "region_names": {"2": "Checkout"}, "topic": "hall/7/up"}
///
/// A line keeps its key for ever, so that its series goes on; `line_names` is only what people read.
/// `topic`, with the sensor's link and model, says where an adopted sensor is heard. Other keys are kept
/// and mean nothing.
struct SensorSettings {
  std::optional<bool> invert;
  std::string timezone;
  std::chrono::seconds expected_interval{0};
  std::optional<bridge::LineMap> lines;
  Names line_names;
  Names region_names;
  std::string topic;
};

inline constexpr std::size_t kLongestSettings = 16'384;

/// `rejected` with the place ("settings.lines.door.in: ...") when a value cannot be what it is to be.
Result<SensorSettings> parse_settings(const nlohmann::json& settings);

/// An object from a column's text; anything unreadable is an empty one.
nlohmann::json object_from(std::string_view text);

/// What the gateway remembers beside a sensor's settings, in `sensor_metadata.metadata`:
///   hq        what HQ said last: {"name", "lifecycle", "settings"}
///   owed      what was changed here and HQ has not said yet: ["invert", "name", "lifecycle"]
///   file_name the name that sensors.d stated last
///   in_force  what holds, sensors.d included: {"invert", "lines", "line_names", "region_names"}
///   devices   devices that counted behind this door before: [{"serial": "…", "until": ms}], the oldest first
///   past      directions of before: [{"until": ms, "invert": false}], the oldest first
struct Pastime {
  UtcMs until{};
  bool invert = false;
};
std::vector<Pastime> past_directions(const nlohmann::json& metadata);
/// From `until` on another direction holds; readings that ended before keep the one they were counted in.
void note_direction(nlohmann::json& metadata, bool before, UtcMs until);

std::vector<std::string> past_devices(const nlohmann::json& metadata);
void note_device(nlohmann::json& metadata, std::string_view serial, UtcMs until);

/// Marks a key as changed here and not yet said by HQ.
void owe(nlohmann::json& metadata, std::string_view key);
[[nodiscard]] bool owes(const nlohmann::json& metadata, std::string_view key);

/// What HQ says of a sensor; absent: it says nothing about that.
struct HqSays {
  std::optional<std::string> name;
  std::optional<std::string> lifecycle;
  std::optional<nlohmann::json> settings;  ///< an object
};

/// A sensor's configuration columns.
struct SensorColumns {
  std::string name;
  std::string lifecycle;
  nlohmann::json settings = nlohmann::json::object();
  nlohmann::json metadata = nlohmann::json::object();
};

/// Takes over what HQ says anew. Key by key the newer statement holds: what HQ repeats leaves alone what
/// was changed here since it said so first; what HQ changes wins. An adoption outlives HQ's `planning`,
/// which only means that nobody there has looked yet. True when anything changed.
bool take_over(SensorColumns& sensor, const HqSays& hq);

}  // namespace lintel::store
