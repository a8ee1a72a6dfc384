#include "gateway/app/pipeline.hpp"

#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateway/app/times.hpp"

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

store::DecoderNotes::Owner owner_of(const std::string& link, const std::string& topic,
                                    const bridge::Decoder* decoder) {
  return {link, topic, decoder == nullptr ? "" : std::string(decoder->name())};
}

clock::Zone zone_or(const std::string& name, const clock::Zone& fallback) {
  if (name.empty()) return fallback;
  return clock::Zone::find(name).value_or(fallback);
}

/// On a bus a sensor is its link and its address there, of which the decoder knows only the address.
void name_units(const std::string& link, bridge::DecodeSettings& settings) {
  const std::string prefix = fmt::format("link:{}/", link);
  auto units = settings.sensors;
  for (const auto& [serial, lines] : units) {
    if (serial.starts_with(prefix)) settings.sensors.insert_or_assign(serial.substr(prefix.size()), lines);
  }
}

}  // namespace

bool topic_matches(std::string_view filter, std::string_view topic) {
  if (filter.empty()) return true;
  while (true) {
    const auto level = filter.substr(0, filter.find('/'));
    if (level == "#") return true;
    const auto part = topic.substr(0, topic.find('/'));
    if (level != "+" && level != part) return false;
    const bool filter_ends = level.size() == filter.size();
    const bool topic_ends = part.size() == topic.size();
    if (filter_ends || topic_ends) {
      if (filter_ends && topic_ends) return true;
      return topic_ends && filter.substr(level.size()) == "/#";  // "a/#" also means "a"
    }
    filter.remove_prefix(level.size() + 1);
    topic.remove_prefix(part.size() + 1);
  }
}

Pipeline::Pipeline(const config::Config& config, store::Store& store, counting::SeriesStates& series,
                   const clock::Zone& zone, const FindDecoder& find_decoder, Outbox* outbox)
    : store_(store), series_(series), outbox_(outbox), notes_(store.db()), unlisted_{nullptr, zone} {
  bridge::DecodeSettings mapped;
  for (const auto& sensor : config.sensors) {
    mapped.sensors.emplace(sensor.serial, sensor.lines);
    if (!sensor.payload.empty()) mapped.payloads.emplace(sensor.serial, sensor.payload);
  }
  for (const auto& link : config.links) {
    auto& routes = routes_[link.name];
    auto settings = mapped;
    settings.lines = mapped.lines_of("link:" + link.name);  // a device that states no identity is its link
    name_units(link.name, settings);
    for (const auto& subscription : link.subscriptions) {
      routes.push_back({subscription.topic, find_decoder(subscription.decoder), settings, {}});
    }
    if (!link.decoder.empty()) routes.push_back({{}, find_decoder(link.decoder), settings, {}});
  }
  forget_others();
  load();
  for (const auto& sensor : config.sensors) {
    sensors_.emplace(sensor.serial, Installed{&sensor, zone_or(sensor.timezone, zone)});
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once, and nobody writes the environment
  if (const char* bytes = std::getenv("LINTEL_INJECT_ABORT")) abort_on_ = bytes;
}

/// What a subscription said that is not configured any more would only be mistaken for news one day.
void Pipeline::forget_others() {
  std::vector<store::DecoderNotes::Owner> owners;
  for (const auto& [link, routes] : routes_) {
    for (const auto& route : routes) owners.push_back(owner_of(link, route.topic, route.decoder));
  }
  notes_.keep_only(owners);
}

void Pipeline::flush() {
  for (auto& [link, routes] : routes_) {
    for (auto& route : routes) {
      if (!std::exchange(route.session.notes_changed, false)) continue;
      notes_.save(owner_of(link, route.topic, route.decoder), route.session.notes);
    }
  }
}

void Pipeline::load() {
  for (auto& [link, routes] : routes_) {
    for (auto& route : routes) {
      route.session.notes = notes_.load(owner_of(link, route.topic, route.decoder));
      route.session.notes_changed = false;
    }
  }
}

Pipeline::Route* Pipeline::route(const bridge::Frame& frame) {
  const auto found = routes_.find(frame.link);
  if (found == routes_.end()) return nullptr;
  for (auto& route : found->second) {
    if (route.decoder != nullptr && topic_matches(route.topic, frame.topic)) return &route;
  }
  return nullptr;
}

const Pipeline::Installed& Pipeline::installed(std::string_view serial) const {
  const auto found = sensors_.find(serial);
  return found == sensors_.end() ? unlisted_ : found->second;
}

void Pipeline::decode(const bridge::Frame& frame, Route& route) {
  if (!abort_on_.empty() && frame.payload.find(abort_on_) != std::string_view::npos) std::abort();
  decoded_.clear();
  route.decoder->decode(frame, route.settings, route.session, decoded_);
}

void Pipeline::process(const bridge::Frame& frame, UtcMs arrival) {
  Route* taken = route(frame);
  if (taken == nullptr) {
    refuse(frame, arrival, "unsupported", "no subscription of this link matches the topic");
    return;
  }
  decode(frame, *taken);
  if (outbox_ != nullptr) {
    for (const auto& message : decoded_.outbound) outbox_->offer(frame.link, message);
  }
  // A frame is kept once, with the first reason.
  bool kept = false;
  const auto keep = [&](std::string_view kind, std::string_view reason) {
    if (!std::exchange(kept, true)) {
      store_.quarantine().keep(frame, {taken->decoder->name(), kind, reason}, arrival);
    }
  };
  for (const auto& reject : decoded_.rejects) keep(to_string(reject.kind), reject.message);
  for (const auto& observation : decoded_.observations) {
    if (auto taken_in = accept(frame, *taken, observation, arrival); !taken_in) {
      keep("sanity", taken_in.error().message);
    }
  }
}

void Pipeline::refuse(const bridge::Frame& frame, UtcMs arrival, std::string_view kind,
                      std::string_view reason) {
  const Route* taken = route(frame);
  store_.quarantine().keep(frame, {taken == nullptr ? "" : taken->decoder->name(), kind, reason}, arrival);
}

Result<void> Pipeline::accept(const bridge::Frame& frame, const Route& route,
                              const bridge::Observation& observation, UtcMs arrival) {
  const auto refuse_with = [](std::string reason) { return fail(ErrorKind::rejected, std::move(reason)); };
  identity_ = observation.sensor;
  if (identity_.empty()) {
    identity_ = fmt::format("link:{}", frame.link);
  } else if (route.decoder->framing() == bridge::Framing::modbus) {
    // An address is one only on its own bus.
    identity_ = fmt::format("link:{}/{}", frame.link, observation.sensor);
  }
  if (identity_.size() > kLongestName || observation.line.size() > kLongestName ||
      observation.region.size() > kLongestName) {
    return refuse_with(fmt::format("a name in it is longer than {} bytes", kLongestName));
  }
  if (!sane(observation.count_in, observation.kind) || !sane(observation.count_out, observation.kind)) {
    return refuse_with(fmt::format("counts of {} in, {} out cannot be people",
                                   observation.count_in.value_or(0), observation.count_out.value_or(0)));
  }
  const Installed& place = installed(identity_);
  auto statement = resolve(observation, place.zone, arrival);
  if (!statement) return refuse_with(statement.error().message);
  statement->retained = frame.retained;
  if (place.sensor != nullptr && place.sensor->invert) std::swap(statement->count_in, statement->count_out);

  auto* sensor =
      store_.sensors().claim(identity_, place.sensor == nullptr ? std::string_view{} : place.sensor->name,
                             route.decoder->name(), frame.link, arrival);
  if (sensor == nullptr) {
    return refuse_with(fmt::format("the store already has {} devices: list this one in sensors.d",
                                   store::Sensors::kMostUnnamed));
  }
  if (!frame.retained) store_.sensors().heard(*sensor, arrival, frame.arrived);
  record(*sensor, observation, *statement, arrival);
  return {};
}

void Pipeline::record(store::Sensor& sensor, const bridge::Observation& observation,
                      const counting::Statement& statement, UtcMs arrival) {
  if (statement.kind == Kind::level || statement.kind == Kind::presence) {
    if (statement.retained) return;
    const auto& region = observation.region.empty() ? observation.line : observation.region;
    if (!counting::is_news(series_.level_of(sensor.id, region), statement.at, observation.occupancy)) return;
    store_.readings().put(sensor.id, region,
                          store::Presence{statement.at, observation.occupancy, statement.flags}, arrival);
    return;
  }
  const auto reading = counting::count(series_.of(sensor.id, observation.line), statement);
  if (reading) store_.readings().put(sensor.id, observation.line, *reading, arrival);
}

}  // namespace lintel::app
