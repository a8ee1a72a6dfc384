// From an observation to the tables: whose it is, when it was, what it counts.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gateway/app/pipeline.hpp"
#include "gateway/app/testimony.hpp"
#include "gateway/app/times.hpp"
#include "gateway/counting/own_clock.hpp"

namespace lintel::app {

namespace {

using bridge::Kind;

/// Beyond these a number is a decoding error or an attack, not people.
constexpr std::int64_t kMostInOneReading = 1'000'000;
constexpr std::int64_t kMostInTotal = std::int64_t{1} << 48;
constexpr std::size_t kLongestName = 128;

bool sane(const std::optional<std::int64_t>& count, Kind kind) {
  return !count || (*count >= 0 && *count <= (kind == Kind::total ? kMostInTotal : kMostInOneReading));
}

/// The counting period that a total belongs to, where the device states one beside it.
std::string_view period_of(const bridge::Observation& observation) {
  for (const std::string_view flag : observation.flags) {
    for (const std::string_view word : {"counting_since=", "reset_period="})
      if (flag.starts_with(word)) return flag;
  }
  return {};
}

}  // namespace

std::string Pipeline::identify(const bridge::Frame& frame, const Route& route,
                               const bridge::Observation& observation) const {
  if (!observation.sensor.empty()) {
    // An address is one only on its own bus.
    if (route.decoder->framing() == bridge::Framing::modbus) {
      return fmt::format("link:{}/{}", frame.link, observation.sensor);
    }
    return observation.sensor;
  }
  return route.identity.empty() ? fmt::format("link:{}", frame.link) : route.identity;
}

Result<Pipeline::Taken> Pipeline::accept(const bridge::Frame& frame, const Route& route,
                                         const bridge::Observation& observation,
                                         const clock::Arrival& arrival, How how) {
  const auto refuse_with = [](std::string reason) { return fail(ErrorKind::rejected, std::move(reason)); };
  identity_ = identify(frame, route, observation);
  if (identity_.size() > kLongestName || observation.line.size() > kLongestName ||
      observation.region.size() > kLongestName) {
    return refuse_with(fmt::format("a name in it is longer than {} bytes", kLongestName));
  }
  if (!sane(observation.count_in, observation.kind) || !sane(observation.count_out, observation.kind)) {
    return refuse_with(fmt::format("counts of {} in, {} out cannot be people",
                                   observation.count_in.value_or(0), observation.count_out.value_or(0)));
  }
  const Installed& place = installed(identity_);
  const auto& flags = observation.flags;
  if (std::find(flags.begin(), flags.end(), "counter_defect") != flags.end()) {
    if (how.trial == nullptr) wrong_count(observation, place, arrival.at);
    return refuse_with("the device says that its counter is defective: what it shows is no count");
  }
  const bool on_time = how.trial == nullptr && !how.late && DeviceClocks::judged(frame.retained, arrival);
  DeviceClock* device = on_time ? clocks_.find(identity_) : nullptr;
  auto statement = resolve(observation, place.zone, arrival, device);
  if (!statement) return refuse_with(statement.error().message);
  statement->retained = frame.retained;
  statement->came_at = arrival.at;
  if (const auto& stated = observation.to ? observation.to : observation.time) {
    statement->stated_at = stated->time;
    statement->own_time = (statement->flags & store::kArrivalTime) == 0;
  }
  if (statement->counter_run.empty()) statement->counter_run = period_of(observation);
  for (const auto& report : decoded_.reports) {
    if (report.uptime_seconds && report.sensor == observation.sensor)
      statement->booted_at = statement->at - std::chrono::seconds{*report.uptime_seconds};
  }

  if (how.trial != nullptr) {
    store::Sensor unknown;
    unknown.serial = identity_;
    auto* known = store_.sensors().find(identity_);
    return record(known == nullptr ? unknown : *known, observation, *statement, arrival.at, how);
  }
  if (const auto today = successor(config_.sensors, store_.sensors(), identity_); !today.empty()) {
    return refuse_with(
        fmt::format("{} was replaced by {} and counts no more: switch it off, or take "
                    "`replaces` out of sensors.d",
                    identity_, today));
  }
  auto* sensor = store_.sensors().claim(identity_, place.mapping.name, route.decoder->name(), frame.link,
                                        arrival.at, place.file != nullptr);
  if (sensor == nullptr) {
    return refuse_with(fmt::format("the store already has {} devices: list this one in sensors.d",
                                   store::Sensors::kMostUnnamed));
  }
  if (!sensor->metadata.contains("in_force")) {
    (void)settle(store_.sensors(), *sensor, place.file, place.mapping, series_, arrival.at);
  }
  if (device != nullptr) DeviceClocks::keep(*device, store_.sensors(), *sensor, arrival.at);
  if (!frame.retained && !how.late) {
    if (arrival.live) {
      store_.sensors().heard(*sensor, arrival.at, frame.arrived);
    } else {
      store_.sensors().dated(*sensor, arrival.at);  // it was heard when it came
    }
    // When a boot without a time was counting, nobody knows well enough to say.
    if (arrival.source != clock::Source::bounds) sign_of_life(*sensor, frame, statement->at);
  }
  return record(*sensor, observation, *statement, arrival.at, how);
}

Pipeline::Taken Pipeline::record(store::Sensor& sensor, const bridge::Observation& observation,
                                 const counting::Statement& statement, UtcMs arrival, How how) {
  if (statement.kind != Kind::level && statement.kind != Kind::presence) {
    return put_count(sensor, observation.line, statement, arrival, how);
  }
  if (statement.retained) return Taken::covered;
  // A state of which nobody says how many is health's business.
  if (statement.kind == Kind::presence && !observation.occupancy) return Taken::covered;
  const auto& region = observation.region.empty() ? observation.line : observation.region;
  if (occupancy_.counts(sensor.id, region)) return Taken::covered;  // by the lines around it
  if (how.trial == nullptr && !how.late) coverage_.rules().level({sensor.id, true, region}, statement.at);
  if (how.trial == nullptr && !how.late &&
      !counting::is_news(series_.level_of(sensor.id, region), statement.at, observation.occupancy)) {
    return Taken::covered;
  }
  return put_presence(sensor, region,
                      {statement.at, observation.occupancy, statement.flags, statement.uncertainty}, arrival,
                      how);
}

Pipeline::Taken Pipeline::put_count(store::Sensor& sensor, const std::string& line,
                                    const counting::Statement& statement, UtcMs arrival, How how) {
  counting::Outcome outcome;
  if (how.trial != nullptr) {
    const auto [state, fresh] = how.trial->states.try_emplace({sensor.serial, line});
    if (const auto* now = fresh ? series_.look(sensor.id, line) : nullptr) state->second = *now;
    outcome = counting::count_on(state->second, statement);
  } else {
    auto& state = series_.of(sensor.id, line);
    const Doubts::Before before{state.in.total, state.out.total};
    outcome = counting::count_on(state, statement);
    coverage_.counted(sensor.id, line, statement, outcome);
    doubts_.note(sensor, line, before, statement, outcome, arrival);
    if (counted_) counted_(sensor, line, statement, outcome);
    if (witness_) judged_.push_back(judged(sensor.serial, line, statement, outcome));
    const bool zero = outcome.rule == counting::Rule::zero_awaited && state.awaits_first();
    if (zero || outcome.rule == counting::Rule::baseline) begin(sensor, line, statement, arrival);
  }
  auto& reading = outcome.reading;
  if (!reading) return Taken::covered;
  reading->uncertainty = statement.uncertainty;
  face(sensor, line, *reading);
  if (how.late) {
    const auto stored = store_.readings().find(sensor.id, line, *reading);
    if (stored && (stored->same || stored->received > arrival)) {
      if (how.trial == nullptr && statement.kind != Kind::total)
        counting::told_before(series_.of(sensor.id, line), statement);
      return Taken::already;
    }
  }
  if (how.trial != nullptr) {
    const bool fresh = reading->separate ||
                       how.trial->stored.emplace(sensor.serial, line, count_ms(reading->started)).second;
    return fresh ? Taken::added : Taken::already;
  }
  const bool added = put_days(sensor, line, *reading, arrival);
  if (!added && statement.kind != Kind::total) counting::told_before(series_.of(sensor.id, line), statement);
  if (added && witness_) set_reading(judged_.back(), *reading);
  return added ? Taken::added : Taken::already;
}

/// After counting: the counters' states are the device's, whichever way it is mounted.
void Pipeline::face(const store::Sensor& sensor, const std::string& line, store::Reading& reading) const {
  if (installed(sensor.serial).mapping.inverted_at(reading.started + reading.duration)) {
    std::swap(reading.count_in, reading.count_out);
  }
  store_.corrections().apply(sensor.id, line, reading);
}

/// False: all of it was stored before.
bool Pipeline::put_days(const store::Sensor& sensor, const std::string& line, const store::Reading& reading,
                        UtcMs arrival) {
  bool added = false;
  for (const auto& piece : counting::split_by_day(reading, store_.calendar(), weigh_))
    added |= store_.readings().put(sensor.id, line, piece, arrival) != store::Stored::repeated;
  return added;
}

void Pipeline::testify(const bridge::Frame& frame, const Route& route, UtcMs arrival,
                       store::SpoolPosition spooled) {
  evidence::Record record;
  record.arrival = arrival;
  record.link = frame.link;
  record.topic = frame.topic;
  record.decoder = route.decoder->name();
  record.payload = frame.payload;
  record.retained = frame.retained;
  record.segment = spooled.segment;
  record.offset = spooled.offset;
  record.judged = std::exchange(judged_, {});
  witness_(std::move(record));
}

Pipeline::Taken Pipeline::put_presence(store::Sensor& sensor, const std::string& region,
                                       const store::Presence& presence, UtcMs arrival, How how) {
  if (how.late) {
    const auto stored = store_.readings().find(sensor.id, region, presence);
    if (stored && (stored->same || stored->received > arrival)) return Taken::already;
  }
  if (how.trial != nullptr) {
    const bool fresh = how.trial->stored.emplace(sensor.serial, region, count_ms(presence.at)).second;
    return fresh ? Taken::added : Taken::already;
  }
  const auto stored = store_.readings().put(sensor.id, region, presence, arrival);
  if (stored == store::Stored::repeated) return Taken::already;
  if (witness_) judged_.push_back(judged(sensor.serial, region, presence));
  return Taken::added;
}

}  // namespace lintel::app
