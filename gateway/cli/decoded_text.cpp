#include "gateway/cli/decoded_text.hpp"

#include <optional>
#include <ostream>
#include <vector>

#include <fmt/format.h>

namespace lintel::cli {

using namespace lintel::bridge;
using nlohmann::json;

namespace {

std::string text_of(const DeviceTime& time) {
  std::string text = format_utc(time.time);
  if (time.local) text.replace(text.size() - 1, 1, "(local)");
  return text;
}

template <class T>
void put(json& object, const char* key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, DeviceTime>) {
    object[key] = text_of(*value);
  } else {
    object[key] = *value;
  }
}

}  // namespace

json to_json(const Observation& o) {
  json object = {{"kind", to_string(o.kind)}};
  if (!o.sensor.empty()) object["sensor"] = o.sensor;
  put(object, "time", o.time);
  put(object, "from", o.from);
  put(object, "to", o.to);
  if (!o.line.empty()) object["line"] = o.line;
  if (!o.region.empty()) object["region"] = o.region;
  put(object, "count_in", o.count_in);
  put(object, "count_out", o.count_out);
  put(object, "occupancy", o.occupancy);
  if (!o.flags.empty()) object["flags"] = o.flags;
  return object;
}

json to_json(const Reject& reject) {
  return {{"kind", to_string(reject.kind)}, {"message", reject.message}};
}

json to_json(const DeviceReport& report) {
  json object = json::object();
  if (!report.sensor.empty()) object["sensor"] = report.sensor;
  put(object, "connected", report.connected);
  put(object, "uptime_seconds", report.uptime_seconds);
  if (!report.faults.empty()) object["faults"] = report.faults;
  return object;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

namespace {

template <class T>
void print_each(const char* type, const std::vector<T>& items, std::ostream& out) {
  for (const T& item : items) {
    json line = {{"type", type}};
    line.update(to_json(item));
    out << dump(line) << '\n';
  }
}

std::string number_or_dash(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "-";
}

std::string place_of(const Observation& o) {
  if (!o.line.empty()) return "line " + o.line;
  return o.region.empty() ? "(whole device)" : "region " + o.region;
}

}  // namespace

void print_lines(const Decoded& decoded, std::ostream& out) {
  print_each("observation", decoded.observations, out);
  print_each("report", decoded.reports, out);
  print_each("reject", decoded.rejects, out);
}

void print_table(const Decoded& decoded, std::size_t frames, std::ostream& out) {
  constexpr const char* kRow = "{:<20} {:<9} {:<26} {:<16} {:>10} {:>10} {:>7}  {}\n";
  if (!decoded.observations.empty())
    out << fmt::format(kRow, "SENSOR", "KIND", "TIME", "WHERE", "IN", "OUT", "PEOPLE", "NOTES");
  for (const Observation& o : decoded.observations) {
    std::string notes = o.from ? "since " + text_of(*o.from) : "";
    for (const std::string& flag : o.flags) notes += (notes.empty() ? "" : ", ") + flag;
    out << fmt::format(kRow, o.sensor.empty() ? "(the link)" : o.sensor, to_string(o.kind),
                       o.time ? text_of(*o.time) : "(on arrival)", place_of(o), number_or_dash(o.count_in),
                       number_or_dash(o.count_out), number_or_dash(o.occupancy), notes);
  }
  for (const DeviceReport& report : decoded.reports) {
    out << "device " << (report.sensor.empty() ? "(the link)" : report.sensor) << ":";
    if (report.connected) out << (*report.connected ? " connected" : " disconnected");
    if (report.uptime_seconds) out << " up for " << *report.uptime_seconds << " s";
    for (const std::string& fault : report.faults) out << " " << fault;
    out << '\n';
  }
  for (const Reject& reject : decoded.rejects)
    out << "rejected (" << to_string(reject.kind) << "): " << reject.message << '\n';
  out << fmt::format("frames: {}, observations: {}, rejected: {}\n", frames, decoded.observations.size(),
                     decoded.rejects.size());
}

}  // namespace lintel::cli
