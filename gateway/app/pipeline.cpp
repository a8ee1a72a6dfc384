#include "gateway/app/pipeline.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "firmware-bridge/core/topic.hpp"
#include "gateway/app/opening.hpp"
#include "gateway/clock/clock.hpp"

namespace lintel::app {

namespace {

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

Pipeline::Pipeline(const config::Config& config, store::Store& store, counting::SeriesStates& series,
                   const clock::Zone& zone, const FindDecoder& find_decoder, Outbox* outbox)
    : config_(config),
      store_(store),
      series_(series),
      carried_(store.db()),
      coverage_(store.db(), series, coverage_options(config)),
      occupancy_(store, series, coverage_),
      find_decoder_(find_decoder),
      outbox_(outbox),
      notes_(store.db()),
      doubts_(store),
      unlisted_{nullptr, {}, zone} {
  for (const auto& link : config.links) {
    auto& routes = routes_[link.name];
    for (const auto& subscription : link.subscriptions) {
      routes.push_back({subscription.topic, find_decoder(subscription.decoder), {}});
    }
    if (!link.decoder.empty()) routes.push_back({{}, find_decoder(link.decoder), {}});
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once, and nobody writes the environment
  if (const char* bytes = std::getenv("LINTEL_INJECT_ABORT")) abort_on_ = bytes;
  reload();
  forget_others();
  load();
}

/// `f` gets the name of the link and the route.
template <class F>
void Pipeline::each_route(F&& f) {
  for (auto* all : {&routes_, &adopted_}) {
    for (auto& [link, routes] : *all) {
      for (auto& route : routes) f(link, route);
    }
  }
}

/// What a subscription said that is not configured any more would only be mistaken for news one day.
void Pipeline::forget_others() {
  std::vector<store::DecoderNotes::Owner> owners;
  each_route([&](const std::string& link, const Route& route) {
    owners.push_back(owner_of(link, route.topic, route.decoder));
  });
  notes_.keep_only(owners);
}

void Pipeline::flush() {
  devices_.flush(store_.db());
  occupancy_.flush();
  coverage_.flush();
  each_route([this](const std::string& link, Route& route) {
    if (!std::exchange(route.session.notes_changed, false)) return;
    notes_.save(owner_of(link, route.topic, route.decoder), route.session.notes);
  });
}

void Pipeline::load() {
  devices_.load(store_.db(), clock::boot_now());
  coverage_.load();
  occupancy_.load();
  carrying_ = !carried_.all().empty();
  each_route([this](const std::string& link, Route& route) {
    route.session.notes = notes_.load(owner_of(link, route.topic, route.decoder));
    route.session.notes_changed = false;
  });
}

std::map<std::string, Millis, std::less<>> Pipeline::intervals() const {
  std::map<std::string, Millis, std::less<>> stated;
  for (const auto& [serial, installed] : sensors_) stated[serial] = installed.mapping.expected_interval;
  return stated;
}

void Pipeline::reload() {
  ++reloads_;
  sensors_.clear();
  const auto install = [this](const std::string& serial, const config::Sensor* file) {
    auto mapping = mapping_of(file, store_.sensors().find(serial));
    auto zone = zone_or(mapping.timezone, unlisted_.zone);
    sensors_.insert_or_assign(serial, Installed{file, std::move(mapping), std::move(zone)});
  };
  for (const auto& [serial, sensor] : store_.sensors().all()) install(serial, nullptr);
  for (const auto& sensor : config_.sensors) install(sensor.serial, &sensor);

  bridge::DecodeSettings mapped;
  for (const auto& [serial, installed] : sensors_) {
    // Who is listed counts by its own lines alone, also where it has none.
    if (installed.file != nullptr || !installed.mapping.lines.empty()) {
      mapped.sensors.emplace(serial, installed.mapping.lines);
    }
    if (installed.file != nullptr && !installed.file->payload.empty()) {
      mapped.payloads.emplace(serial, installed.file->payload);
    }
  }
  for (auto& [link, routes] : routes_) {
    auto settings = mapped;
    settings.lines = mapped.lines_of("link:" + link);  // a device that states no identity is its link
    name_units(link, settings);
    for (auto& route : routes) route.settings = settings;
  }
  add_adopted(mapped);
  auto open = opening_of(store_.db());
  weigh_ = counting::weigh_by(open);
  occupancy_.configure(regions_of(config_), std::move(open));
  unsettled_ = true;
}

void Pipeline::add_adopted(const bridge::DecodeSettings& mapped) {
  auto before = std::exchange(adopted_, {});
  for (const auto& [serial, sensor] : store_.sensors().all()) {
    const auto said = store::parse_settings(sensor.settings);
    if (!said || said->topic.empty() || sensor.link.empty()) continue;
    Route route;
    route.topic = said->topic;
    route.decoder = find_decoder_(sensor.model);
    route.settings = mapped;
    route.settings.lines = mapped.lines_of(serial);
    route.identity = serial;
    route.session.notes = notes_.load(owner_of(sensor.link, route.topic, route.decoder));
    for (auto& old : before[sensor.link]) {
      if (old.topic == route.topic && old.decoder == route.decoder) std::swap(route.session, old.session);
    }
    adopted_[sensor.link].push_back(std::move(route));
  }
}

/// Inside a batch, unlike reload().
void Pipeline::settle_all(UtcMs now, bool tell) {
  if (change_devices(config_.sensors, store_.sensors(), series_, now)) reload();
  unsettled_ = false;
  for (const auto& [serial, installed] : sensors_) {
    if (auto* sensor = store_.sensors().find(serial)) {
      (void)settle(store_.sensors(), *sensor, installed.file, installed.mapping, series_, now, tell);
    }
  }
  // A direction that has just ended is part of the mapping.
  for (auto& [serial, installed] : sensors_) {
    if (const auto* sensor = store_.sensors().find(serial)) {
      installed.mapping.past = store::past_directions(sensor->metadata);
    }
  }
}

Pipeline::Route* Pipeline::find(Routes& routes, const bridge::Frame& frame) {
  const auto found = routes.find(frame.link);
  if (found == routes.end()) return nullptr;
  for (auto& route : found->second) {
    if (route.decoder != nullptr && bridge::topic_matches(route.topic, frame.topic)) return &route;
  }
  return nullptr;
}

/// An adopted sensor's own topic says more than a subscription to many.
Pipeline::Route* Pipeline::route(const bridge::Frame& frame) {
  auto* own = adopted_.empty() ? nullptr : find(adopted_, frame);
  return own != nullptr ? own : find(routes_, frame);
}

bool Pipeline::takes(std::string_view link, std::string_view topic) const {
  const auto any = [&](const Routes& all) {
    const auto found = all.find(link);
    return found != all.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const Route& route) { return bridge::topic_matches(route.topic, topic); });
  };
  return any(adopted_) || any(routes_);
}

const Pipeline::Installed& Pipeline::installed(std::string_view serial) const {
  const auto found = sensors_.find(serial);
  return found == sensors_.end() ? unlisted_ : found->second;
}

void Pipeline::decode(const bridge::Frame& frame, const bridge::Decoder& decoder, Route& route) {
  if (!abort_on_.empty() && frame.payload.find(abort_on_) != std::string_view::npos) std::abort();
  decoded_.clear();
  decoder.decode(frame, route.settings, route.session, decoded_);
}

void Pipeline::process(const bridge::Frame& frame, const clock::Arrival& arrival,
                       store::SpoolPosition spooled) {
  if (unsettled_) settle_all(arrival.at);
  occupancy_.at(arrival.at);
  Route* taken = route(frame);
  if (taken == nullptr) {
    refuse(frame, arrival.at, "unsupported", "no subscription of this link matches the topic");
    return;
  }
  decode(frame, *taken->decoder, *taken);
  if (outbox_ != nullptr) {
    for (const auto& message : decoded_.outbound) outbox_->offer(frame.link, message);
  }
  take_reports(frame, *taken, arrival.at);
  // A frame is kept once, with the first reason.
  std::string kind, reason;
  if (!decoded_.rejects.empty()) {
    kind = to_string(decoded_.rejects.front().kind);
    reason = decoded_.rejects.front().message;
  }
  look_at_clocks(frame, *taken, arrival);
  taken_.clear();
  judged_.clear();
  for (const auto& observation : decoded_.observations) {
    if (auto done = accept(frame, *taken, observation, arrival, {})) {
      taken_.push_back(&observation);
    } else if (kind.empty()) {
      kind = "sanity";
      reason = done.error().message;
    }
  }
  note_devices(frame, *taken, arrival);
  if (!judged_.empty()) testify(frame, *taken, arrival.at, spooled);
  if (kind.empty()) return;
  auto marks = nlohmann::json::array();
  for (const auto* observation : taken_)
    marks.push_back(mark_of(identify(frame, *taken, *observation), *observation));
  store_.quarantine().keep(frame, {taken->decoder->name(), kind, reason}, arrival.at, marks.dump());
}

void Pipeline::refuse(const bridge::Frame& frame, UtcMs arrival, std::string_view kind,
                      std::string_view reason) {
  const Route* taken = route(frame);
  store_.quarantine().keep(frame, {taken == nullptr ? "" : taken->decoder->name(), kind, reason}, arrival);
}

}  // namespace lintel::app
