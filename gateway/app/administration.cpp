#include "gateway/app/administration.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/app/walks.hpp"
#include "gateway/config/nearest.hpp"
#include "gateway/status/members.hpp"
#include "gateway/store/audit.hpp"

namespace lintel::app {

namespace {

using nlohmann::json;
using status::text_of;

constexpr auto kReplace = json::error_handler_t::replace;
constexpr std::string_view kVerbs[] = {
    "discover",   "adopt",      "sensors-set", "correct",   "quarantine-replay", "sync-verify", "sync-retry",
    "alerts-ack", "walk-start", "walk-look",   "walk-next", "walk-sign",         "walk-cancel", "walk-list"};

/// What a verb changes; empty: nothing that belongs into the audit log.
std::string_view table_of(std::string_view verb) {
  if (verb == "adopt" || verb == "sensors-set") return "sensor_metadata";
  if (verb == "correct" || verb == "sync-retry") return "people_counting_raw";
  if (verb == "quarantine-replay") return "quarantine";
  if (verb == "alerts-ack") return "alerts";
  if (verb == "walk-start" || verb == "walk-sign" || verb == "walk-cancel") return "walk_tests";
  return {};
}

std::string suggest(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> words(known.begin(), known.end());
  return config::suggest(word, words);
}

}  // namespace

std::span<const std::string_view> Administration::verbs() {
  return kVerbs;
}

Result<json> Administration::run(std::string_view verb, const json& request, UtcMs now) {
  auto answer = carry_out(verb, request, now);
  const auto changed = table_of(verb);
  if (!answer || changed.empty() || request.value("dry_run", false)) return answer;
  auto said = request;
  for (const char* key : {"verb", "actor"}) said.erase(key);
  const auto actor = text_of(request, "actor");
  store::audit(parts_.store.db(), {now, actor.empty() ? "command line" : actor, verb, changed,
                                   text_of(request, "serial"), said.dump(-1, ' ', false, kReplace)});
  return answer;
}

Result<json> Administration::carry_out(std::string_view verb, const json& request, UtcMs now) {
  if (verb == "discover") return discover();
  if (verb == "adopt") return adopt(request, now);
  if (verb == "sensors-set") return set(request, now);
  if (verb == "correct") return correct(request, now);
  if (verb == "sync-verify") return verify_days(request);
  if (verb == "sync-retry") return json{{"readings", parts_.store.readings().owe_set_aside(now)}};
  if (verb == "quarantine-replay") return replay(request);
  if (verb.starts_with("walk-")) return walk_test(verb, request, now);
  if (verb == "alerts-ack") return acknowledge(request, now);
  return fail(ErrorKind::misconfigured, fmt::format("nobody knows how to {}", verb));
}

Result<json> Administration::discover() {
  auto devices = json::array();
  for (const auto& candidate : candidates(parts_.store, parts_.pipeline, parts_.registry, parts_.heard)) {
    devices.push_back(to_json(candidate));
  }
  bool listening = false;
  for (const auto& link : parts_.config.links) listening |= !link.discover.empty();
  return json{{"devices", std::move(devices)},
              {"running", parts_.heard != nullptr},
              {"listening", listening && parts_.heard != nullptr},
              {"left_out", parts_.heard == nullptr ? 0 : parts_.heard->left_out()}};
}

// Adopting ----------------------------------------------------------------------------------------

Error Administration::unknown_device(const std::string& serial, const std::vector<Candidate>& all) const {
  std::vector<std::string> known;
  for (const auto& candidate : all) {
    if (!candidate.serial.empty()) known.push_back(candidate.serial);
  }
  return {
      ErrorKind::misconfigured,
      fmt::format("no device called {} was heard, {}. To adopt it before it is heard, say where it will be: "
                  "--link LINK --topic TOPIC --decoder DECODER",
                  serial, known.empty() ? "see `lintel discover`" : suggest(serial, known))};
}

Result<void> Administration::choose_decoder(const json& request, const Candidate* candidate,
                                            Plan& plan) const {
  plan.decoder = text_of(request, "decoder");
  if (!plan.decoder.empty()) {
    if (parts_.registry.find(plan.decoder) != nullptr) return {};
    std::vector<std::string> names;
    for (const auto& decoder : parts_.registry.all()) names.emplace_back(decoder->name());
    const std::vector<std::string_view> words(names.begin(), names.end());
    const auto near = config::nearest(plan.decoder, words);
    return fail(ErrorKind::misconfigured,
                fmt::format("no decoder is called {}, {}", plan.decoder,
                            near.empty() ? "see `lintel decoders`" : fmt::format("did you mean {}?", near)));
  }
  if (candidate != nullptr && candidate->decoders.size() == 1) {
    plan.decoder = candidate->decoders.front();
    return {};
  }
  const bool none = candidate == nullptr || candidate->decoders.empty();
  return fail(ErrorKind::misconfigured,
              none ? fmt::format("no decoder recognises what {} sends: choose one with --decoder, see "
                                 "`lintel decoders`, or add a profile for it",
                                 plan.serial)
                   : fmt::format("what {} sends may be {}: choose with --decoder", plan.serial,
                                 fmt::join(candidate->decoders, " or ")));
}

Result<void> Administration::check_link(const Plan& plan) const {
  std::vector<std::string> names;
  for (const auto& link : parts_.config.links) {
    names.push_back(link.name);
    if (link.name != plan.link) continue;
    if (link.type == config::Link::Type::mqtt || plan.topic.empty()) return {};
    return fail(ErrorKind::misconfigured,
                fmt::format("link {} carries one format: write decoder = {} into links.d/{}.conf instead",
                            plan.link, plan.decoder, plan.link));
  }
  return fail(ErrorKind::misconfigured,
              plan.link.empty()
                  ? fmt::format("say which link {} is heard on: --link LINK", plan.serial)
                  : fmt::format("links.d has no link {}, {}", plan.link, suggest(plan.link, names)));
}

Result<Administration::Plan> Administration::plan_adoption(const json& request) {
  Plan plan{text_of(request, "serial"),
            text_of(request, "name"),
            text_of(request, "link"),
            {},
            text_of(request, "topic")};
  if (plan.serial.empty() || plan.serial.size() > 128 || plan.name.size() > 128) {
    return fail(ErrorKind::misconfigured, "serial and name are texts of at most 128 bytes");
  }
  const auto all = candidates(parts_.store, parts_.pipeline, parts_.registry, parts_.heard);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Candidate& candidate) {
    return candidate.serial == plan.serial || (!plan.topic.empty() && candidate.topic == plan.topic);
  });
  const Candidate* candidate = found == all.end() ? nullptr : &*found;
  if (candidate == nullptr && (plan.link.empty() || text_of(request, "decoder").empty())) {
    return tl::unexpected(unknown_device(plan.serial, all));
  }
  if (auto chosen = choose_decoder(request, candidate, plan); !chosen) return tl::unexpected(chosen.error());
  if (candidate != nullptr) {
    if (plan.link.empty()) plan.link = candidate->link;
    // What counts on its own goes on doing so, unless another decoder is wanted for it.
    const bool own_way = candidate->source == "counted" && candidate->decoders.front() == plan.decoder;
    if (plan.topic.empty() && !own_way) plan.topic = candidate->topic;
  }
  if (auto checked = check_link(plan); !checked) return tl::unexpected(checked.error());
  return plan;
}

Result<json> Administration::adopt(const json& request, UtcMs now) {
  const auto serial = text_of(request, "serial");
  auto& sensors = parts_.store.sensors();
  if (const auto* known = sensors.find(serial); known != nullptr && known->lifecycle != "planning") {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("{} is a sensor already, called \"{}\" ({}); `lintel sensors set {} name=...` changes it",
                    serial, known->name, known->lifecycle, serial));
  }
  auto plan = plan_adoption(request);
  if (!plan) return tl::unexpected(plan.error());
  auto* sensor = sensors.claim(plan->serial, plan->name, plan->decoder, plan->link, now, true);
  auto columns = store::Sensors::columns_of(*sensor);
  columns.lifecycle = "active";
  store::owe(columns.metadata, "lifecycle");
  json change{{"lifecycle", {"planning", "active"}}};
  if (!plan->name.empty()) store::owe(columns.metadata, "name");
  if (!plan->topic.empty()) {
    columns.settings["topic"] = plan->topic;
    store::owe(columns.metadata, "topic");
    change["topic"] = {nullptr, plan->topic};
  }
  sensors.configure(*sensor, columns, now, change);
  parts_.pipeline.reload();
  parts_.pipeline.settle_all(now);
  if (parts_.listen && !plan->topic.empty()) parts_.listen(plan->link, plan->topic);
  auto waiting = parts_.store.db().prepare("select count(*) from quarantine where link = ? and topic = ?");
  waiting.bind(plan->link, plan->topic);
  (void)waiting.step();
  return json{{"serial", plan->serial},   {"name", sensor->name}, {"link", plan->link},
              {"decoder", plan->decoder}, {"topic", plan->topic}, {"quarantined", waiting.integer(0)}};
}

// Settings ----------------------------------------------------------------------------------------

const config::Sensor* Administration::file_of(std::string_view serial) const {
  for (const auto& sensor : parts_.config.sensors) {
    if (sensor.serial == serial) return &sensor;
  }
  return nullptr;
}

/// By serial, or by a name that only one has.
Result<store::Sensor*> Administration::find_sensor(const std::string& word) {
  if (auto* sensor = parts_.store.sensors().find(word)) return sensor;
  std::vector<std::string> known, named;
  for (const auto& [serial, sensor] : parts_.store.sensors().all()) {
    known.push_back(serial);
    if (sensor.name == word) named.push_back(serial);
  }
  if (named.size() == 1) return parts_.store.sensors().find(named.front());
  std::sort(known.begin(), known.end());
  return fail(ErrorKind::misconfigured,
              named.size() > 1 ? fmt::format("{} sensors are called \"{}\": say which by its serial, {}",
                                             named.size(), word, fmt::join(named, " or "))
                               : fmt::format("no sensor is called {}, {}", word, suggest(word, known)));
}

Result<json> Administration::set(const json& request, UtcMs now) {
  auto found = find_sensor(text_of(request, "serial"));
  if (!found) return tl::unexpected(found.error());
  auto& sensor = **found;
  const auto* file = file_of(sensor.serial);
  auto columns = store::Sensors::columns_of(sensor);
  auto change = json::object();
  const auto words = request.find("changes");
  if (words == request.end() || !words->is_array() || words->empty()) {
    return fail(ErrorKind::misconfigured, "say what to change, for example invert=yes");
  }
  for (const auto& word : *words) {
    const auto text = word.is_string() ? word.get<std::string>() : std::string();
    const auto key = text.substr(0, text.find('='));
    const bool stated =
        file != nullptr && (file->stated.contains(key) || (key == "line" && !file->lines.empty()));
    if (file != nullptr && file->pinned && stated) {
      return fail(
          ErrorKind::misconfigured,
          fmt::format("sensors.d/{} is pinned and states {}: change it there, and restart the gateway",
                      file->file.filename().string(), key));
    }
    if (auto done = apply_setting(text, parts_.pipeline.mapping(sensor.serial), columns, change); !done) {
      return tl::unexpected(done.error());
    }
  }
  parts_.store.sensors().configure(sensor, columns, now, change);
  parts_.pipeline.reload();
  parts_.pipeline.settle_all(now, false);
  return json{{"serial", sensor.serial}, {"name", sensor.name}, {"change", change}};
}

// Corrections -------------------------------------------------------------------------------------

/// The lines of a sensor that have been counted.
std::vector<std::string> Administration::lines_of(std::int64_t sensor) {
  std::vector<std::string> lines;
  auto rows = parts_.store.db().prepare(
      "select distinct line from daily_analytics where sensor_id = ? and region = ''");
  rows.bind(sensor);
  while (rows.step()) lines.emplace_back(rows.text(0));
  return lines;
}

Result<json> Administration::correct(const json& request, UtcMs now) {
  auto found = find_sensor(text_of(request, "serial"));
  if (!found) return tl::unexpected(found.error());
  store::Correction correction;
  correction.at = now;
  correction.actor = text_of(request, "actor");
  correction.reason = text_of(request, "reason");
  correction.sensor = (*found)->id;
  correction.from = utc_ms(request.value("from", std::int64_t{0}));
  // What is yet to be counted is a matter of how the sensor is set.
  correction.to = std::min(utc_ms(request.value("to", std::int64_t{0})), now);
  const auto action = store::action_from(text_of(request, "action"));
  if (!action) {
    return fail(ErrorKind::misconfigured,
                fmt::format("no correction is called {}, known are swap, discard and restore",
                            text_of(request, "action")));
  }
  if (correction.reason.empty() || correction.reason.size() > 1000) {
    return fail(ErrorKind::misconfigured, "say why, in at most 1000 bytes: --reason TEXT");
  }
  correction.action = *action;
  if (correction.to <= correction.from) {
    return fail(ErrorKind::misconfigured, "the time to be corrected lies ahead, or ends before it begins");
  }
  if (request.contains("line")) {
    const auto line = text_of(request, "line");
    const auto lines = lines_of((*found)->id);
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
      return fail(ErrorKind::misconfigured,
                  fmt::format("{} has no line {}, {}", (*found)->serial, line, suggest(line, lines)));
    }
    correction.line = line;
  }
  correction = parts_.store.corrections().add(std::move(correction));
  auto count = parts_.store.db().prepare(
      "select count(*) from people_counting_raw where started_at >= ?1 and started_at < ?2 and sensor_id = "
      "?3 "
      "and (?4 is null or line = ?4)");
  count.bind(count_ms(correction.from), count_ms(correction.to), correction.sensor, correction.line);
  (void)count.step();
  return json{{"id", correction.id},           {"serial", (*found)->serial},
              {"name", (*found)->name},        {"from", count_ms(correction.from)},
              {"to", count_ms(correction.to)}, {"readings", count.integer(0)}};
}

// Walk tests --------------------------------------------------------------------------------------

Result<json> Administration::walk_test(std::string_view verb, const json& request, UtcMs now) {
  store::Sensor* sensor = nullptr;
  if (verb == "walk-start") {
    if (parts_.heard == nullptr) {
      return fail(ErrorKind::rejected,
                  "the gateway is not running, so nothing would be counted: start it first");
    }
    const auto found = find_sensor(text_of(request, "serial"));
    if (!found) return tl::unexpected(found.error());
    sensor = *found;
  }
  return walk(verb, request, parts_.store, sensor, now);
}

// Sync --------------------------------------------------------------------------------------------

/// All days that are known, or those from `from` on (days since 1970), are compared with HQ anew.
Result<json> Administration::verify_days(const json& request) {
  auto owe = parts_.store.db().prepare(
      "update day_checks set state = 'owed', resends = 0, next_at = 0 where day >= ? returning day");
  owe.bind(request.value("from", std::int64_t{0}));
  std::int64_t days = 0;
  while (owe.step()) ++days;
  return json{{"days", days}};
}

}  // namespace lintel::app
