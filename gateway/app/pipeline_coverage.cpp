// What of a frame tells when its series were counting, beside the counts themselves.
#include <algorithm>

#include "gateway/app/pipeline.hpp"
#include "gateway/app/times.hpp"
#include "gateway/clock/clock.hpp"

namespace lintel::app {

namespace {

constexpr int kMissedBeats = 3;
constexpr Millis kShortestPatience = std::chrono::minutes{2};

}  // namespace

counting::CoverageStates::Options Pipeline::coverage_options(const config::Config& config) {
  counting::CoverageStates::Options options;
  options.clock = clock::boot_now;
  // Who commits once a minute to spare the card does not want a page more in each.
  if (config.relaxed) options.growth_every = options.idle_every = std::chrono::minutes{5};
  return options;
}

/// How long the sensor may be silent and still be believed to work.
Millis Pipeline::patience(const store::Sensor& sensor) const {
  const Millis stated = installed(sensor.serial).mapping.expected_interval;
  const Millis interval = stated > Millis{0} ? stated : Millis{sensor.interval_ms};
  if (interval <= Millis{0}) return config_.offline_after;
  return std::max(kMissedBeats * interval, kShortestPatience);
}

void Pipeline::sign_of_life(const store::Sensor& sensor, const bridge::Frame& frame, UtcMs at) {
  coverage_.rules().heard(sensor.id, {at, patience(sensor), frame.qos > 0});
}

void Pipeline::wrong_count(const bridge::Observation& observation, const Installed& place, UtcMs arrival) {
  const auto* sensor = store_.sensors().find(identity_);
  const auto statement = resolve(observation, place.zone, arrival);
  if (sensor == nullptr || !statement) return;
  coverage_.rules().defective({sensor->id, false, observation.line}, statement->from, statement->at);
}

/// A last will, and messages that say nothing but that the device is there.
void Pipeline::take_reports(const bridge::Frame& frame, const Route& route, UtcMs arrival) {
  for (const auto& report : decoded_.reports) {
    bridge::Observation named;
    named.sensor = report.sensor;
    const auto* sensor = store_.sensors().find(identify(frame, route, named));
    if (sensor == nullptr) continue;
    const bool left = report.connected.has_value() && !*report.connected;
    if (report.connected) coverage_.rules().connected(sensor->id, *report.connected, arrival);
    if (!left && !frame.retained) sign_of_life(*sensor, frame, arrival);
  }
}

/// What devices say of themselves, once those that are new are sensors.
void Pipeline::note_devices(const bridge::Frame& frame, const Route& route, const clock::Arrival& arrival) {
  const BootTime at = arrival.live ? frame.arrived : clock::boot_now();
  for (const auto& report : decoded_.reports) {
    bridge::Observation named;
    named.sensor = report.sensor;
    if (const auto* sensor = store_.sensors().find(identify(frame, route, named)))
      devices_.note(sensor->id, report, at, arrival.at);
  }
  for (const auto& observation : decoded_.observations) {
    const auto& flags = observation.flags;
    if (std::find(flags.begin(), flags.end(), "counter_defect") == flags.end()) continue;
    if (const auto* sensor = store_.sensors().find(identify(frame, route, observation)))
      devices_.defective(sensor->id, at, arrival.at);
  }
}

void Pipeline::watch_ways(const std::map<std::string, health::LinkState, std::less<>>& links, UtcMs now) {
  for (const auto& [serial, sensor] : store_.sensors().all()) {
    const auto link = links.find(sensor.link);
    counting::CoverageRules::Way way;
    if (link != links.end()) {
      way.up = link->second.up && health::no_answer(serial, link->second).empty();
      way.queues = std::any_of(config_.links.begin(), config_.links.end(), [&](const config::Link& each) {
        return each.name == sensor.link && each.type == config::Link::Type::mqtt;
      });
    }
    coverage_.rules().way(sensor.id, way, now);
  }
}

}  // namespace lintel::app
