#include "gateway/status/facts.hpp"

#include <nlohmann/json.hpp>

namespace lintel::status {

namespace {

nlohmann::json instant(const std::optional<UtcMs>& time) {
  return time ? nlohmann::json(format_utc(*time)) : nlohmann::json(nullptr);
}

template <typename T>
nlohmann::json maybe(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json machine(const health::Machine& machine) {
  return {{"temperature", maybe(machine.temperature)},
          {"undervoltage", maybe(machine.undervoltage)},
          {"undervoltage_before", maybe(machine.undervoltage_before)},
          {"read_only", maybe(machine.read_only)},
          {"written_day", maybe(machine.written_day)},
          {"written_over_s", machine.measured.count()}};
}

nlohmann::json conditions(const std::vector<health::Condition>& found) {
  auto list = nlohmann::json::array();
  for (const auto& condition : found) {
    list.push_back({{"kind", condition.kind},
                    {"severity", health::to_string(condition.severity)},
                    {"what", condition.what},
                    {"advice", condition.advice}});
  }
  return list;
}

nlohmann::json card(const std::optional<Facts::Card>& card) {
  if (!card) return nullptr;
  return {{"enrolled", card->enrolled},
          {"pending", card->pending},
          {"gateway", card->gateway},
          {"store", card->store},
          {"token_until", instant(card->token_until)},
          {"renewal_at", instant(card->renewal_at)},
          {"trouble", card->trouble},
          {"advice", card->advice}};
}

}  // namespace

nlohmann::json to_json(const Facts& facts) {
  auto links = nlohmann::json::array();
  for (const auto& link : facts.links) {
    links.push_back({{"name", link.name},
                     {"type", link.type},
                     {"up", link.up},
                     {"trouble", link.trouble},
                     {"frames", link.frames},
                     {"pictures_dropped", link.pictures}});
  }
  auto sensors = nlohmann::json::object();
  for (const auto& [id, sensor] : facts.sensors) {
    sensors[std::to_string(id)] = {{"status", health::to_string(sensor.verdict.status)},
                                   {"cause", sensor.verdict.cause},
                                   {"advice", sensor.verdict.advice},
                                   {"rejects", sensor.rejects},
                                   {"last_data", instant(sensor.last_data)}};
  }
  return {{"uptime_s", facts.uptime.count()},
          {"time", instant(facts.time)},
          {"time_ms", facts.time ? nlohmann::json(count_ms(*facts.time)) : nlohmann::json(nullptr)},
          {"clock",
           {{"source", facts.clock_source},
            {"uncertainty_ms", facts.clock_uncertainty ? nlohmann::json(facts.clock_uncertainty->count())
                                                       : nlohmann::json(nullptr)},
            {"disagreement_ms", facts.clock_disagreement.count()},
            {"readings_wait", facts.frames_wait}}},
          {"storage_error", facts.storage_error},
          {"machine", machine(facts.own.machine)},
          {"conditions", conditions(facts.own.conditions)},
          {"notice", facts.notice},
          {"spool_bytes", facts.spool_bytes},
          {"frames", facts.frames},
          {"refused", facts.refused},
          {"repeats", facts.repeats},
          {"links", std::move(links)},
          {"hq",
           {{"configured", facts.hq.configured},
            {"state", facts.hq.state},
            {"trouble", facts.hq.trouble},
            {"error", facts.hq.error},
            {"advice", facts.hq.advice},
            {"next_try", instant(facts.hq.next_try)},
            {"present", facts.hq.present},
            {"bytes_sent", facts.hq.bytes_sent},
            {"bytes_received", facts.hq.bytes_received},
            {"contract_note", facts.hq.contract_note},
            {"card", card(facts.hq.card)}}},
          {"sensors", std::move(sensors)}};
}

}  // namespace lintel::status
