#include "gateway/app/times.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::app {

namespace {

constexpr auto kLongestWindow = std::chrono::days{400};

bool is_age(Millis age) {
  return age >= Millis{0} && age <= kLongestWindow;
}

/// What the device's clock is not believed for counts as of the arrival, or as long before it as the device
/// says that it was before the newest of the message.
UtcMs on_arrival(UtcMs stated, const DeviceClock* device, UtcMs arrival) {
  if (device == nullptr || device->fault() == ClockFault::none) return arrival;
  const Millis before = device->newest() - stated;
  return is_age(before) ? arrival - before : arrival;
}

/// Of a window in the hour that occurs twice, the start that makes it the shorter one.
UtcMs start_before(const bridge::DeviceTime& start, const clock::Zone& zone, UtcMs end) {
  if (!start.local) return start.time;
  const auto [first, second] = zone.instants(start.time);
  return second <= end ? second : first;
}

/// The instant of a statement; flags say what it rests on.
UtcMs instant_of(const bridge::Observation& observation, const std::optional<UtcMs>& stated,
                 const clock::Arrival& arrival, const DeviceClock* device, std::uint32_t& flags) {
  const bool faulty = device != nullptr && device->fault() != ClockFault::none;
  if (stated && !faulty && plausible(*stated, arrival.at + arrival.uncertainty) == ClockFault::none) {
    return *stated;
  }
  if (arrival.unconfirmed) flags |= store::kUnconfirmed;
  if (arrival.source == clock::Source::bounds) flags |= store::kBounded;
  if (stated) {
    flags |= store::kArrivalTime;
    return on_arrival(*stated, device, arrival.at);
  }
  const Millis age = observation.age.value_or(Millis{0});
  return is_age(age) ? arrival.at - age : arrival.at;
}

}  // namespace

Result<counting::Statement> resolve(const bridge::Observation& observation, const clock::Zone& zone,
                                    const clock::Arrival& arrival, DeviceClock* device) {
  counting::Statement statement;
  statement.kind = observation.kind;
  statement.count_in = observation.count_in;
  statement.count_out = observation.count_out;
  statement.counter_run = observation.counter_run;
  statement.repeat_key = observation.repeat_key;
  statement.wraps_at = observation.wraps_at;
  const auto states = [&](std::string_view flag) {
    return std::find(observation.flags.begin(), observation.flags.end(), flag) != observation.flags.end();
  };
  statement.restarted = states("device_restarted");

  const auto end = observation.to ? observation.to : observation.time;
  const DeviceClock unknown;
  const DeviceClock& reader = device == nullptr ? unknown : *device;
  std::optional<UtcMs> stated;
  if (end) stated = reader.read(*end, zone, arrival.at + arrival.uncertainty);
  statement.at = instant_of(observation, stated, arrival, device, statement.flags);
  if ((statement.flags & store::kBounded) != 0) statement.uncertainty = arrival.uncertainty;
  if (device != nullptr && stated) device->stated(*stated);

  statement.from = statement.at;
  if (observation.kind == bridge::Kind::interval && observation.from) {
    const UtcMs until = stated.value_or(statement.at);
    const Millis length = until - start_before(*observation.from, zone, until);
    if (!is_age(length)) {
      return fail(ErrorKind::rejected,
                  fmt::format("the window from {} to {} is no window", format_utc(observation.from->time),
                              end ? format_utc(end->time) : "arrival"));
    }
    statement.from = statement.at - length;
  }
  // A total of today: the device's midnight lies before it.
  if (observation.kind == bridge::Kind::total && states("resets_daily")) {
    const auto midnight = std::chrono::floor<std::chrono::days>(zone.to_wall(statement.at));
    statement.reset_at = zone.to_utc(UtcMs{midnight});
  }
  return statement;
}

}  // namespace lintel::app
