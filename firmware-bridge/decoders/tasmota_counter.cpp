#include "firmware-bridge/decoders/tasmota_counter.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/iso_time.hpp"
#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/tasmota_topic.hpp"
#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::int64_t kMaxCounter = 0xFFFF'FFFF;
constexpr int kChannels = 8;
constexpr std::int64_t kMsPerYear = 31'536'000'000;

/// Index of a channel written "C1", "c1" or "Counter1"; nothing for any other name.
std::optional<std::size_t> channel_index(std::string_view name) {
  if (name.empty() || name.back() < '1' || name.back() > '0' + kChannels) return std::nullopt;
  const std::string_view stem = name.substr(0, name.size() - 1);
  if (stem != "C" && stem != "c" && stem != "Counter" && stem != "counter") return std::nullopt;
  return static_cast<std::size_t>(name.back() - '1');
}

bool is_read(std::string_view key) {
  return key == "Time" || key == "COUNTER" || key == "StatusSNS" || key == "UptimeSec" || channel_index(key);
}

using Counters = std::array<std::optional<std::int64_t>, kChannels>;

class Telemetry {
 public:
  Telemetry(const TasmotaMessage& message, const DecodeSettings& settings, Decoded& out)
      : sensor_(message.sensor), lines_(settings.lines_of(message.sensor)), out_(out) {}

  /// `values` is the object that holds Time and the counters, found at `place`.
  void decode(const Json& values, const Place& place) {
    Counters counters = read_counters(values, place);
    bool any = false;
    for (const auto& counter : counters) any = any || counter.has_value();
    if (!any) return;
    read_time(values, place);
    report_lines(counters);
    for (std::size_t i = 0; i < counters.size(); ++i) {
      if (claimed_[i] || !counters[i]) continue;
      Observation observation = begin("C" + std::to_string(i + 1));
      observation.count_in = counters[i];
      observation.flags.emplace_back("no_direction");
      out_.observations.push_back(std::move(observation));
    }
  }

 private:
  Counters read_counters(const Json& values, const Place& place) {
    Counters counters;
    const Json* group = member(&values, "COUNTER");
    const Place group_place = place.at("COUNTER");
    const auto* object = (group != nullptr ? *group : values).get_ptr<const Json::object_t*>();
    if (object == nullptr) {
      reject(out_, RejectKind::unsupported, group_place, "expected an object with C1, C2, ...");
      return counters;
    }
    const Place& counters_place = group != nullptr ? group_place : place;
    for (const auto& [name, value] : *object) {
      // Other sensors share the object: outside COUNTER only the old spelling is a counter.
      const auto channel =
          group != nullptr || name.starts_with("Counter") ? channel_index(name) : std::nullopt;
      if (!channel || value.is_null()) continue;
      if (value.is_number_float()) {
        reject(out_, RejectKind::sanity, counters_place.at(name),
               "a number with decimals is a pulse length; set CounterType to 0 to count pulses");
        continue;
      }
      counters[*channel] = read_count(value, counters_place.at(name), kMaxCounter, out_);
    }
    return counters;
  }

  void read_time(const Json& values, const Place& place) {
    const Json* value = member(&values, "Time");
    if (value == nullptr) return;
    if (const auto* text = value->get_ptr<const Json::string_t*>()) time_ = parse_iso_time(*text);
    const auto seconds = value->is_number() ? whole_number(*value) : std::nullopt;
    if (seconds && *seconds >= 0 && *seconds <= kMaxCounter)
      time_ = DeviceTime{utc_ms(*seconds * 1000), false};
    if (time_) {
      if (time_->local) time_flags_.emplace_back("local_time_without_zone");
      if (count_ms(time_->time) < kMsPerYear) time_flags_.emplace_back("device_clock_unset");
      return;
    }
    time_flags_.emplace_back("invalid_timestamp");
    reject(out_, RejectKind::sanity, place.at("Time"), "expected a time like 2021-12-31T09:44:59");
  }

  void report_lines(const Counters& counters) {
    for (const auto& [line, map] : lines_) {
      Observation observation = begin(line);
      std::string mapping = "mapping";
      observation.count_in = claim(line, map.in, "in", counters, mapping);
      observation.count_out = claim(line, map.out, "out", counters, mapping);
      if (!observation.count_in && !observation.count_out) continue;
      observation.flags.push_back(std::move(mapping));
      out_.observations.push_back(std::move(observation));
    }
  }

  std::optional<std::int64_t> claim(const std::string& line, const std::string& name, const char* side,
                                    const Counters& counters, std::string& mapping) {
    if (name.empty()) return std::nullopt;
    const auto channel = channel_index(name);
    if (!channel) {
      out_.rejects.push_back(
          {RejectKind::unsupported, fmt::format("line {}: {} is no channel; Tasmota's counters are C1 to C{}",
                                                excerpt(line), excerpt(name), kChannels)});
      return std::nullopt;
    }
    claimed_[*channel] = true;
    mapping += fmt::format(" C{}={}", *channel + 1, side);
    return counters[*channel];
  }

  [[nodiscard]] Observation begin(std::string line) const {
    Observation observation;
    observation.sensor = sensor_;
    observation.kind = Kind::total;
    observation.wraps_at = kMaxCounter + 1;
    observation.time = time_;
    observation.line = std::move(line);
    observation.flags.reserve(time_flags_.size() + 1);
    observation.flags.assign(time_flags_.begin(), time_flags_.end());
    return observation;
  }

  const std::string& sensor_;
  const LineMap& lines_;
  Decoded& out_;
  std::optional<DeviceTime> time_;
  std::vector<std::string> time_flags_;
  std::array<bool, kChannels> claimed_{};
};

/// SENSOR, or with "StatusSNS" around it the answer to the command Status 8.
void decode_telemetry(const TasmotaMessage& message, const DecodeSettings& settings, Decoded& out) {
  const auto root = parse_json(message.payload, is_read, out);
  if (!root) return;
  const Place top;
  if (!root->is_object()) return reject(out, RejectKind::unsupported, top, "expected a JSON object");
  const Json* status = member(&*root, "StatusSNS");
  const Place status_place = top.at("StatusSNS");
  Telemetry(message, settings, out)
      .decode(status != nullptr ? *status : *root, status != nullptr ? status_place : top);
}

void report_uptime(const TasmotaMessage& message, Decoded& out) {
  const auto root = parse_json(message.payload, is_read, out);
  if (!root) return;
  const Json* uptime = member(&*root, "UptimeSec");
  const auto seconds = uptime != nullptr ? whole_number(*uptime) : std::nullopt;
  if (!seconds || *seconds < 0) return;
  DeviceReport report;
  report.sensor = message.sensor;
  report.uptime_seconds = seconds;
  out.reports.push_back(std::move(report));
}

void report_connection(const TasmotaMessage& message, Decoded& out) {
  // On the console the will is what the device told its broker: it says nothing of the serial line.
  if (message.from_console) return;
  const std::string_view state = trim(message.payload);
  if (state != "Online" && state != "Offline") {
    out.rejects.push_back(
        {RejectKind::unsupported, "LWT: expected Online or Offline, found " + excerpt(state)});
    return;
  }
  DeviceReport report;
  report.sensor = message.sensor;
  report.connected = state == "Online";
  out.reports.push_back(std::move(report));
}

}  // namespace

void TasmotaCounter::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession&,
                            Decoded& out) const {
  std::optional<TasmotaMessage> message;
  if (!frame.topic.empty()) {
    message = parse_tasmota_topic(frame.topic, frame.payload);
    if (!message) {
      out.rejects.push_back(
          {RejectKind::unsupported, "topic " + excerpt(frame.topic) +
                                        " is not Tasmota's: expected tele/NAME/SENSOR or NAME/tele/SENSOR"});
      return;
    }
  } else if (trim(frame.payload).starts_with('{')) {
    message = TasmotaMessage{{}, "SENSOR", frame.payload, true};
  } else {
    message = parse_tasmota_console(frame.payload);
    if (!message) return;
  }
  const std::string_view subject = message->subject;
  if (subject == "SENSOR" || subject == "STATUS8" || subject == "STATUS10") {
    decode_telemetry(*message, settings, out);
  } else if (subject == "STATE") {
    report_uptime(*message, out);
  } else if (subject == "LWT") {
    report_connection(*message, out);
  }
  // Everything else (RESULT, INFO1, STATUS, ...) is Tasmota's too and counts nobody.
}

}  // namespace lintel::bridge::decoders
