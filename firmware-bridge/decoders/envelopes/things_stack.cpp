#include "firmware-bridge/decoders/envelopes/things_stack.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "firmware-bridge/decoders/text.hpp"

namespace lintel::bridge::decoders::envelopes {

namespace {

/// Every key that this file reads, sorted.
constexpr std::string_view kKeys[] = {
    "brand_id",
    "dev_eui",
    "device_id",
    "downlink_ack",
    "downlink_failed",
    "downlink_nack",
    "downlink_queue_invalidated",
    "downlink_queued",
    "downlink_sent",
    "end_device_ids",
    "f_cnt",
    "f_port",
    "frm_payload",
    "join_accept",
    "location_solved",
    "model_id",
    "received_at",
    "rssi",
    "rx_metadata",
    "service_data",
    "simulated",
    "uplink_message",
    "uplink_normalized",
    "version_ids",
};
static_assert(std::is_sorted(std::begin(kKeys), std::end(kKeys)));

/// Messages about a device that carry no payload of its own.
constexpr const char* kOthers[] = {"join_accept",      "downlink_ack",    "downlink_nack",
                                   "downlink_sent",    "downlink_failed", "downlink_queued",
                                   "location_solved",  "service_data",    "downlink_queue_invalidated",
                                   "uplink_normalized"};

bool is_read(std::string_view key) {
  return std::binary_search(std::begin(kKeys), std::end(kKeys), key);
}

std::string_view text_of(const Json* value) {
  const auto* text = value == nullptr ? nullptr : value->get_ptr<const Json::string_t*>();
  return text == nullptr ? std::string_view{} : std::string_view(*text);
}

std::optional<std::string> identity(const Json& root, const DecodeSettings& settings) {
  const Json* ids = member(&root, "end_device_ids");
  if (const Json* eui = member(ids, "dev_eui")) return identity_of(text_of(eui), settings);
  return name_of(member(ids, "device_id"));
}

/// A number whose absence means 0. Nothing where it is stated and cannot be.
std::optional<std::int64_t> number_or_zero(const Json* value, std::int64_t max) {
  const auto number = value == nullptr ? std::optional<std::int64_t>{0} : whole_number(*value);
  return number && *number >= 0 && *number <= max ? number : std::nullopt;
}

Uplink read_uplink(const Json& root, const Json& message, std::string device, std::string& model) {
  Uplink uplink;
  uplink.device = std::move(device);
  uplink.data = text_of(member(&message, "frm_payload"));
  if (const auto port = number_or_zero(member(&message, "f_port"), UINT8_MAX))
    uplink.port = static_cast<std::uint8_t>(*port);
  uplink.counter = number_or_zero(member(&message, "f_cnt"), UINT32_MAX);
  auto time = text_of(member(&message, "received_at"));
  if (time.empty()) time = text_of(member(&root, "received_at"));
  uplink.time = read_server_time(time);
  uplink.time_unreadable = !uplink.time && !time.empty();
  uplink.signal_dbm = best_rssi(member(&message, "rx_metadata"));
  const Json* version = member(&message, "version_ids");
  model = fmt::format("{} {}", text_of(member(version, "brand_id")), text_of(member(version, "model_id")));
  if (model.size() > 1) uplink.models.emplace_back(model);
  return uplink;
}

bool is_other(const Json& root) {
  return std::any_of(std::begin(kOthers), std::end(kOthers),
                     [&](const char* key) { return member(&root, key) != nullptr; });
}

}  // namespace

bool ThingsStack::recognises(const Frame& frame) const {
  Decoded ignored;
  const auto root = parse_json(frame.payload, is_read, ignored);
  return root && identity(*root, {}) && (member(&*root, "uplink_message") != nullptr || is_other(*root));
}

void ThingsStack::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession& /*session*/,
                         Decoded& out) const {
  const auto root = parse_json(frame.payload, is_read, out);
  if (!root) return;
  const Place top;
  auto device = identity(*root, settings);
  if (!device) {
    return reject(out, RejectKind::sanity, top,
                  "no end_device_ids with a dev_eui of 8 bytes or a device_id: nobody knows whose message "
                  "this is");
  }
  const Json* message = member(&*root, "uplink_message");
  if (message == nullptr) {
    if (is_other(*root)) return;
    return reject(out, RejectKind::unsupported, top, "neither uplink_message nor another known message");
  }
  const Place at = top.at("uplink_message");
  if (const Json* simulated = member(message, "simulated"); simulated != nullptr && *simulated == true) {
    return reject(out, RejectKind::unsupported, at,
                  "simulated: somebody typed this uplink into the console, no device sent it");
  }
  std::string model;
  const Uplink uplink = read_uplink(*root, *message, std::move(*device), model);
  const Place data = at.at("frm_payload");
  opener_.open(uplink, frame, settings, data, out);
}

}  // namespace lintel::bridge::decoders::envelopes
