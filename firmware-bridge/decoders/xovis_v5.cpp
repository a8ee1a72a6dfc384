#include "firmware-bridge/decoders/xovis_v5.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "firmware-bridge/decoders/json_document.hpp"
#include "firmware-bridge/decoders/text.hpp"
#include "firmware-bridge/decoders/xovis_v5_package.hpp"

namespace lintel::bridge::decoders {

namespace {

constexpr std::size_t kMaxDocuments = 64;

/// Every key that these files read, sorted.
constexpr std::string_view kKeys[] = {
    "attributes",     "connection_test",
    "counter_name",   "counter_value",
    "counts",         "details",
    "device",         "events",
    "frames",         "from",
    "geometry_name",  "illumination",
    "live_data",      "logic_name",
    "logics",         "logics_data",
    "name",           "network",
    "recording_data", "records",
    "samples",        "samples_expected",
    "sensor_info",    "serial_number",
    "singlesensor",   "state",
    "states",         "status",
    "status_data",    "sw_version",
    "time",           "to",
    "track_id",       "tracked_objects",
    "type",           "updates",
    "uptime_sec",     "value",
    "version",        "wifi_bt_data",
};
static_assert(std::is_sorted(std::begin(kKeys), std::end(kKeys)));

bool is_read(std::string_view key) {
  return std::binary_search(std::begin(kKeys), std::end(kKeys), key);
}

/// What is not OK, since when the device runs, and its firmware.
void decode_status(const XovisPackage& package) {
  const Json* states = member(&package.data, "states");
  DeviceReport report;
  report.sensor = package.sensor;
  for (const char* part : {"device", "time", "network", "updates"}) {
    const auto state = name_of(member(member(member(states, part), "state"), "state"));
    if (state && *state != "OK") report.faults.push_back(fmt::format("{} is {}", part, excerpt(*state)));
  }
  const Json* light = member(member(member(states, "singlesensor"), "status"), "illumination");
  if (light != nullptr && *light == "INSUFFICIENT") report.faults.emplace_back("not enough light");
  const Json* device = member(member(states, "device"), "state");
  const Json* uptime = member(member(device, "details"), "uptime_sec");
  report.uptime_seconds = uptime != nullptr ? whole_number(*uptime) : std::nullopt;
  const Json* updates = member(member(states, "updates"), "state");
  report.firmware = name_of(member(updates, "version")).value_or("");
  package.out.reports.push_back(std::move(report));
}

/// Packages that count nobody.
void decode_others(const XovisPackage&) {}

struct PackageType {
  const char* key;
  void (*decode)(const XovisPackage& package);
};

constexpr PackageType kPackageTypes[] = {
    {"logics_data", decode_xovis_logics}, {"live_data", decode_xovis_live},
    {"status_data", decode_status},       {"wifi_bt_data", decode_others},
    {"recording_data", decode_others},    {"connection_test", decode_others},
};

/// Who sent a package; its firmware is reported where it is stated.
std::string sender_of(const Json& package, Decoded& out) {
  const Json* sensor = member(&package, "sensor_info");
  DeviceReport report;
  report.sensor = name_of(member(sensor, "serial_number")).value_or("");
  report.firmware = name_of(member(sensor, "sw_version")).value_or("");
  if (!report.firmware.empty()) out.reports.push_back(report);
  return report.sensor;
}

void decode_document(const Json& document, const Place& place, const DecodeSettings& settings, Decoded& out) {
  bool known = false;
  for (const PackageType& type : kPackageTypes) {
    const Json* data = member(&document, type.key);
    if (data == nullptr) continue;
    known = true;
    const Place at = place.at(type.key);
    type.decode({*data, at, sender_of(*data, out), settings, out});
  }
  if (!known)
    reject(out, RejectKind::unsupported, place,
           "expected logics_data, live_data or another package of a Xovis sensor with firmware 5");
}

}  // namespace

void XovisV5::decode(const Frame& frame, const DecodeSettings& settings, DecodeSession&, Decoded& out) const {
  const auto root = parse_json(frame.payload, is_read, out);
  if (!root) return;
  const Place top;
  const auto* list = root->get_ptr<const Json::array_t*>();
  if (list == nullptr) return decode_document(*root, top, settings, out);
  if (list->size() > kMaxDocuments)
    return reject(out, RejectKind::sanity, top,
                  fmt::format("{} documents are more than {}", list->size(), kMaxDocuments));
  for (std::size_t i = 0; i < list->size(); ++i) decode_document((*list)[i], top.at(i), settings, out);
}

}  // namespace lintel::bridge::decoders
