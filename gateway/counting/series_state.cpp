// States as JSON, and what changes them besides statements.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "gateway/counting/counter.hpp"

namespace lintel::counting {

namespace {

using nlohmann::json;

void put(json& j, const char* key, UtcMs time) {
  if (time != UtcMs{}) j[key] = count_ms(time);
}
void put(json& j, const char* key, Millis length) {
  if (length != Millis{0}) j[key] = length.count();
}

std::optional<std::int64_t> integer(const json& j, const char* key) {
  const auto found = j.find(key);
  if (found == j.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}
UtcMs time(const json& j, const char* key) {
  return utc_ms(integer(j, key).value_or(0));
}

json to_object(const Channel& channel) {
  json j = json::object();
  if (channel.total) j["total"] = *channel.total;
  if (channel.since != 0) j["since"] = channel.since;
  if (channel.busiest != 0) j["busiest"] = channel.busiest;
  if (channel.held != 0) j["held"] = channel.held;
  if (channel.zero) j["zero"] = 1;
  if (channel.lowered) j["lowered"] = *channel.lowered;
  return j;
}

Channel channel_of(const json& state, const char* key) {
  const auto found = state.find(key);
  if (found == state.end() || !found->is_object()) return {};
  return {integer(*found, "total"),
          integer(*found, "since").value_or(0),
          integer(*found, "busiest").value_or(0),
          integer(*found, "held").value_or(0),
          found->contains("zero"),
          integer(*found, "lowered")};
}

}  // namespace

std::string to_json(const SeriesState& state) {
  json j{{"in", to_object(state.in)}, {"out", to_object(state.out)}};
  put(j, "at", state.total_at);
  put(j, "zero_at", state.zero_at);
  put(j, "gap", state.usual_gap);
  if (!state.counter_run.empty()) j["run"] = state.counter_run;
  put(j, "event_at", state.event_at);
  put(j, "interval_end", state.interval_end);
  put(j, "interval", state.interval_length);
  if (state.unconfirmed != 0) j["unconfirmed"] = state.unconfirmed;
  if (state.carried) j["carried"] = 1;
  if (state.jumps != 0) j["jumps"] = state.jumps;
  // Oldest first, so that reading them back needs no place to go on.
  json keys = json::array();
  for (std::size_t i = 0; i < state.repeat_keys.size(); ++i) {
    const auto& key = state.repeat_keys[(state.next_key + i) % state.repeat_keys.size()];
    if (!key.empty()) keys.push_back(key);
  }
  if (!keys.empty()) j["keys"] = std::move(keys);
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool from_json(std::string_view text, SeriesState& state) {
  state = {};
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object()) return false;
  state.in = channel_of(j, "in");
  state.out = channel_of(j, "out");
  state.total_at = time(j, "at");
  state.zero_at = time(j, "zero_at");
  state.usual_gap = Millis{integer(j, "gap").value_or(0)};
  if (const auto run = j.find("run"); run != j.end() && run->is_string()) state.counter_run = *run;
  state.event_at = time(j, "event_at");
  state.interval_end = time(j, "interval_end");
  state.interval_length = Millis{integer(j, "interval").value_or(0)};
  state.unconfirmed = static_cast<std::uint8_t>(integer(j, "unconfirmed").value_or(0));
  state.carried = j.contains("carried");
  state.jumps = static_cast<std::uint32_t>(integer(j, "jumps").value_or(0));
  for (const auto& key : j.value("keys", json::array())) {
    if (!key.is_string()) continue;
    state.repeat_keys[state.next_key] = key.get<std::string>();
    state.next_key = static_cast<std::uint8_t>((state.next_key + 1) % state.repeat_keys.size());
  }
  return true;
}

void told_before(SeriesState& state, const Statement& statement) {
  if (!state.has_totals() && !state.awaits_first()) return;
  const auto less = [](Channel& channel, std::int64_t people) {
    channel.since = std::max<std::int64_t>(0, channel.since - people);
  };
  less(state.in, statement.count_in.value_or(0));
  less(state.out, statement.count_out.value_or(0));
}

void swap_device(SeriesState& state) {
  state.in = state.out = {};
  state.carried = false;
  ++state.jumps;
  state.zero_at = {};
  state.usual_gap = Millis{0};
  state.repeat_keys = {};
  state.next_key = 0;
}

}  // namespace lintel::counting
