// What a frame says beside its counts: who is there, and how its clock goes.
#include <algorithm>
#include <functional>

#include "gateway/app/pipeline.hpp"

namespace lintel::app {

/// Every device's clock is judged by the newest time that it states in the message.
void Pipeline::look_at_clocks(const bridge::Frame& frame, const Route& route, const clock::Arrival& arrival) {
  if (!DeviceClocks::judged(frame.retained, arrival)) return;
  std::map<DeviceClock*, UtcMs> newest;
  for (const auto& observation : decoded_.observations) {
    const auto& time = observation.to ? observation.to : observation.time;
    if (!time) continue;
    const auto identity = identify(frame, route, observation);
    auto* device = clocks_.of(identity, store_.sensors().find(identity));
    if (device == nullptr) continue;
    const UtcMs stated = device->read(*time, installed(identity).zone, arrival.at);
    const auto [known, fresh] = newest.try_emplace(device, stated);
    if (!fresh) known->second = std::max(known->second, stated);
  }
  const auto content = std::hash<std::string_view>{}(frame.payload);
  for (const auto& [device, stated] : newest) device->look(stated, arrival.at, content);
}

void Pipeline::hear(const bridge::Frame& frame, bool live) {
  Route* taken = route(frame);
  if (taken == nullptr) return;
  // What a decoder remembers goes on as if the frame had been taken, and is not what it remembers in earnest.
  if (!taken->hearing) taken->hearing = taken->session;
  std::swap(taken->session, *taken->hearing);
  decode(frame, *taken->decoder, *taken);
  std::swap(taken->session, *taken->hearing);
  if (!live || frame.retained) return;
  for (const auto& observation : decoded_.observations) {
    auto* sensor = store_.sensors().find(identify(frame, *taken, observation));
    if (sensor != nullptr) store_.sensors().heard(*sensor, std::nullopt, frame.arrived);
  }
}

}  // namespace lintel::app
