#include "gateway/app/device_clocks.hpp"

namespace lintel::app {

namespace {

constexpr const char* kKey = "clock_fault";

std::string kept_of(const store::Sensor& sensor) {
  const auto found = sensor.metadata.find(kKey);
  return found != sensor.metadata.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

DeviceClock* DeviceClocks::of(std::string_view identity, const store::Sensor* sensor) {
  if (auto* known = find(identity)) return known;
  if (clocks_.size() >= kMost) return nullptr;
  auto& clock = clocks_[std::string(identity)];
  if (sensor != nullptr) clock.restore(kept_of(*sensor));
  return &clock;
}

DeviceClock* DeviceClocks::find(std::string_view identity) {
  const auto found = clocks_.find(identity);
  return found == clocks_.end() ? nullptr : &found->second;
}

void DeviceClocks::keep(const DeviceClock& clock, store::Sensors& sensors, store::Sensor& sensor, UtcMs now) {
  const auto word = clock.word();
  if (word == kept_of(sensor)) return;
  auto columns = store::Sensors::columns_of(sensor);
  if (word.empty()) {
    columns.metadata.erase(kKey);
  } else {
    columns.metadata[kKey] = word;
  }
  sensors.configure(sensor, columns, now, nullptr);
}

}  // namespace lintel::app
