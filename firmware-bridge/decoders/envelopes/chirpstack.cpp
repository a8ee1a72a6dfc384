#include "firmware-bridge/decoders/envelopes/chirpstack.hpp"

#include <algorithm>
#include <cmath>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

/// Every key that this file reads, sorted.
constexpr std::string_view kKeys[] = {
    "batteryLevel", "data",  "deduplicationId", "devEUI", "devEui", "deviceInfo", "deviceProfileName",
    "fCnt",         "fPort", "margin",          "model",  "rssi",   "rxInfo",     "tags",
    "time",
};
static_assert(std::is_sorted(std::begin(kKeys), std::end(kKeys)));

bool is_read(std::string_view key) {
  return std::binary_search(std::begin(kKeys), std::end(kKeys), key);
}

enum class Event { uplink, status, other };

/// "up" of "application/1/device/0102030405060708/event/up" and of "/ingest/lora?event=up".
std::string_view event_of(std::string_view topic) {
  constexpr std::string_view kQuery = "event=";
  if (const auto query = topic.find('?'); query != std::string_view::npos) {
    const auto at = topic.find(kQuery, query);
    if (at == std::string_view::npos) return {};
    const auto value = topic.substr(at + kQuery.size());
    return value.substr(0, value.find('&'));
  }
  return topic.substr(topic.rfind('/') + 1);
}

Event classify(std::string_view topic, const Json& root) {
  constexpr std::string_view kOthers[] = {"ack",      "down", "error", "integration", "join",
                                          "location", "log",  "tx",    "txack"};
  const auto event = event_of(topic);
  if (event == "up" || event == "rx") return Event::uplink;
  if (event == "status") return Event::status;
  if (std::find(std::begin(kOthers), std::end(kOthers), event) != std::end(kOthers)) return Event::other;
  // A topic of the installation's own, or none. Commands to a device have data, too, but were never heard.
  const bool heard = member(&root, "rxInfo") != nullptr || member(&root, "fCnt") != nullptr;
  if (heard && (member(&root, "data") != nullptr || member(&root, "fPort") != nullptr)) return Event::uplink;
  return member(&root, "margin") != nullptr ? Event::status : Event::other;
}

std::string_view text_of(const Json* value) {
  const auto* text = value == nullptr ? nullptr : value->get_ptr<const Json::string_t*>();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}

/// v4 keeps what it knows of the device in an object of its own.
const Json* device_of(const Json& root) {
  const Json* info = member(&root, "deviceInfo");
  return info != nullptr ? info : &root;
}

std::optional<std::string> identity(const Json& root, const DecodeSettings& settings) {
  const Json* device = device_of(root);
  const Json* eui = member(device, "devEui");
  return identity_of(text_of(eui != nullptr ? eui : member(device, "devEUI")), settings);
}

/// v4 states when the server had the uplink; v3 only when gateways had it, of which the one that heard it
/// best and has a clock is taken.
std::string_view time_of(const Json& root) {
  if (const Json* stated = member(&root, "time")) return text_of(stated);
  const Json* receptions = member(&root, "rxInfo");
  if (receptions == nullptr || !receptions->is_array()) return {};
  std::string_view best;
  std::optional<std::int64_t> best_heard;
  for (const Json& reception : *receptions) {
    const auto time = text_of(member(&reception, "time"));
    if (time.empty()) continue;
    const Json* rssi = member(&reception, "rssi");
    const auto heard = rssi == nullptr ? std::nullopt : whole_number(*rssi);
    if (!best.empty() && heard <= best_heard) continue;
    best = time;
    best_heard = heard;
  }
  return best;
}

template <class Number>
std::optional<Number> number_of(const Json* value, std::int64_t max) {
  const auto number = value == nullptr ? std::nullopt : whole_number(*value);
  if (!number || *number < 0 || *number > max) return std::nullopt;
  return static_cast<Number>(*number);
}

Uplink read_uplink(const Json& root, std::string device) {
  Uplink uplink;
  uplink.device = std::move(device);
  uplink.data = text_of(member(&root, "data"));
  uplink.port = number_of<std::uint8_t>(member(&root, "fPort"), UINT8_MAX);
  uplink.counter = number_of<std::int64_t>(member(&root, "fCnt"), UINT32_MAX);
  const auto mark = text_of(member(&root, "deduplicationId"));
  if (is_name(mark)) uplink.mark = mark;
  const auto time = time_of(root);
  uplink.time = read_server_time(time);
  uplink.time_unreadable = !uplink.time && !time.empty();
  uplink.signal_dbm = best_rssi(member(&root, "rxInfo"));
  const Json* device_info = device_of(root);
  for (const Json* kind :
       {member(device_info, "deviceProfileName"), member(member(device_info, "tags"), "model")})
    if (const auto model = text_of(kind); !model.empty()) uplink.models.push_back(model);
  return uplink;
}

void report_status(const Json& root, std::string device, Decoded& out) {
  DeviceReport report;
  report.sensor = std::move(device);
  if (const Json* level = member(&root, "batteryLevel"); level != nullptr && level->is_number()) {
    const auto percent = level->get<double>();  // 255 and the like stand for "unknown"
    if (percent >= 0 && percent <= 100) report.battery_percent = static_cast<int>(std::lround(percent));
  }
  if (const Json* margin = member(&root, "margin")) {
    const auto decibels = whole_number(*margin);
    if (decibels && *decibels >= -32 && *decibels <= 31) report.margin_db = static_cast<int>(*decibels);
  }
  if (report.battery_percent || report.margin_db) out.reports.push_back(std::move(report));
}

/// Protobuf begins with a field's tag and length; a JSON text holds no control characters.
bool is_binary(std::string_view payload) {
  const auto text = trim(payload);
  if (text.empty() || text.front() == '{') return false;
  return std::any_of(payload.begin(), payload.begin() + std::min<std::ptrdiff_t>(16, std::ssize(payload)),
                     [](char c) {
                       const auto byte = static_cast<unsigned char>(c);
                       return byte >= 0x7F || (byte < ' ' && c != '\t' && c != '\n' && c != '\r');
                     }) ||
         payload.starts_with("\n$");  // v4's first field: a uuid of 36 characters
}

std::optional<Json> read(const Frame& frame, Decoded& out) {
  if (is_binary(frame.payload)) {
    out.rejects.push_back({RejectKind::unsupported,
                           "this is no JSON; if ChirpStack sends binary protobuf, set json=true below "
                           "[integration.mqtt] (v4) or marshaler=\"json\" below "
                           "[application_server.integration] (v3)"});
    return std::nullopt;
  }
  auto root = parse_json(frame.payload, is_read, out);
  if (root && !root->is_object()) {
    reject(out, RejectKind::unsupported, Place(), "expected a JSON object");
    return std::nullopt;
  }
  return root;
}

}  // namespace

bool ChirpStack::recognises(const Frame& frame) const {
  Decoded ignored;
  const auto root = read(frame, ignored);
  if (!root || !identity(*root, {})) return false;
  const bool v4 = member(&*root, "deviceInfo") != nullptr;
  return v4 || classify(frame.topic, *root) != Event::other;
}

void ChirpStack::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& /*session*/,
                        Decoded& out) const {
  const auto root = read(frame, out);
  if (!root) return;
  const Place top;
  auto device = identity(*root, settings);
  const Event event = classify(frame.topic, *root);
  if (!device) {
    if (event == Event::other && frame.topic.find("/command/") != std::string_view::npos) return;
    return reject(out, RejectKind::sanity, top,
                  "no devEUI (v3) or deviceInfo/devEui (v4) of 8 bytes: nobody knows whose event this is");
  }
  if (event == Event::status) return report_status(*root, std::move(*device), out);
  if (event != Event::uplink) return;
  const Place data = top.at("data");
  opener_.open(read_uplink(*root, std::move(*device)), frame, settings, data, out);
}

}  // namespace lintel::bridge::decoders::envelopes
