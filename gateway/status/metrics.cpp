#include "gateway/status/metrics.hpp"

#include <concepts>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/instants.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;
using Labels = std::vector<std::pair<const char*, std::string>>;

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\' || c == '"') result += '\\';
    if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}

/// One metric with its header and its samples.
class Metric {
 public:
  Metric(std::string& out, const char* name, const char* type, const char* help) : out_(out), name_(name) {
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(const Labels& labels, std::integral auto value) { write(labels, fmt::to_string(value)); }
  void sample(const Labels& labels, double value) { write(labels, fmt::format("{:.3f}", value)); }
  /// Absent and null make no sample: a value that is not known is not zero.
  void sample(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return;
    if (found->is_number_integer()) return sample({}, found->get<std::int64_t>());
    if (found->is_number()) return sample({}, found->get<double>());
    if (found->is_boolean()) return sample({}, found->get<bool>() ? 1 : 0);
  }

 private:
  void write(const Labels& labels, const std::string& value) {
    out_ += name_;
    const char* separator = "{";
    for (const auto& [label, text] : labels) {
      out_ += fmt::format("{}{}=\"{}\"", separator, label, escaped(text));
      separator = ",";
    }
    out_ += fmt::format("{} {}\n", labels.empty() ? "" : "}", value);
  }

  std::string& out_;
  const char* name_;
};

Labels labels_of(const json& sensor) {
  return {{"sensor", sensor.value("serial", "")}, {"name", sensor.value("name", "")}};
}

std::optional<std::int64_t> seconds(const json& object, const char* key) {
  const auto instant = instant_of(object, key);
  if (!instant) return std::nullopt;
  return count_ms(*instant) / 1000;
}

void gateway(std::string& out, const json& all) {
  const auto& gateway = all["gateway"];
  Metric(out, "lintel_up", "gauge", "1 while the gateway runs and answers.")
      .sample({{"version", gateway.value("version", "")}}, gateway.value("state", "") == "running" ? 1 : 0);
  Metric(out, "lintel_problems", "gauge", "Things that need attention.")
      .sample({}, static_cast<std::int64_t>(all["verdict"]["problems"].size()));
  Metric(out, "lintel_uptime_seconds", "gauge", "Since the gateway started.").sample(gateway, "uptime_s");
  Metric(out, "lintel_database_bytes", "gauge", "Size of the local database.")
      .sample(gateway, "database_bytes");
  Metric(out, "lintel_disk_free_bytes", "gauge", "Free where the database lies.")
      .sample(gateway, "disk_free_bytes");
  Metric(out, "lintel_disk_bytes", "gauge", "Size of that disk.").sample(gateway, "disk_bytes");
  if (gateway.contains("room")) {
    Metric(out, "lintel_days_alone", "gauge", "Days without HQ until readings have to go that it lacks.")
        .sample(gateway["room"], "days_alone");
  }
  if (gateway.contains("storage_error")) {
    Metric(out, "lintel_storage_failing", "gauge", "1 while readings cannot be stored.")
        .sample({}, gateway.value("storage_error", "").empty() ? 0 : 1);
  }
  Metric(out, "lintel_spool_bytes", "gauge", "Received and not yet in the database.")
      .sample(gateway, "spool_bytes");
  Metric(out, "lintel_frames_total", "counter", "Messages taken in since the start.")
      .sample(gateway, "frames");
  Metric(out, "lintel_frames_refused_total", "counter", "Messages that could not be read, since the start.")
      .sample(gateway, "refused");
  Metric(out, "lintel_frames_repeated_total", "counter", "Messages the broker sent again, since the start.")
      .sample(gateway, "repeats");
  Metric(out, "lintel_quarantined", "gauge", "Unreadable messages that are kept.")
      .sample(all["quarantine"], "count");
}

void machine(std::string& out, const json& gateway) {
  if (gateway.contains("clock")) {
    const auto& clock = gateway["clock"];
    Metric(out, "lintel_clock_known", "gauge", "1 when the gateway knows the time.")
        .sample({}, clock.value("source", "none") == "none" ? 0 : 1);
    Metric(out, "lintel_clock_uncertainty_milliseconds", "gauge", "How far it may be off.")
        .sample(clock, "uncertainty_ms");
  }
  if (!gateway.contains("machine")) return;
  const auto& machine = gateway["machine"];
  Metric(out, "lintel_temperature_celsius", "gauge", "Of the processor.").sample(machine, "temperature");
  Metric(out, "lintel_undervoltage", "gauge", "1 while the board gets too little voltage.")
      .sample(machine, "undervoltage");
  Metric(out, "lintel_disk_written_bytes_a_day", "gauge",
         "What the disk below the database takes, by everybody.")
      .sample(machine, "written_day");
}

void hq(std::string& out, const json& all) {
  Metric(out, "lintel_changes_total", "counter", "Readings and other changes ever recorded in this database.")
      .sample(all["backlog"], "last_change");
  Metric(out, "lintel_backlog_changes", "gauge", "Changes that HQ has not confirmed.")
      .sample(all["backlog"], "changes");
  Metric(out, "lintel_hq_failures", "gauge", "Failed attempts to reach HQ in a row.")
      .sample(all["hq"], "failures");
  Metric(out, "lintel_hq_sent_bytes_total", "counter", "Sent to HQ since the start, headers included.")
      .sample(all["hq"], "bytes_sent");
  Metric(out, "lintel_hq_received_bytes_total", "counter", "Received from HQ since the start.")
      .sample(all["hq"], "bytes_received");
  Metric(out, "lintel_refused_readings", "gauge", "Readings that HQ refused and that are kept here.")
      .sample(all["hq"], "refused_readings");
  Metric contact(out, "lintel_hq_last_contact_timestamp_seconds", "gauge", "Last answer from HQ.");
  if (const auto at = seconds(all["hq"], "last_contact")) contact.sample({}, *at);
}

void sensors(std::string& out, const json& all) {
  Metric status(out, "lintel_sensor_status", "gauge", "1 for the status that holds.");
  for (const auto& sensor : all["sensors"]) {
    for (const char* word : {"online", "degraded", "offline", "unknown", "disabled"}) {
      auto labels = labels_of(sensor);
      labels.emplace_back("status", word);
      status.sample(labels, sensor.value("status", "") == word ? 1 : 0);
    }
  }
  Metric last(out, "lintel_sensor_last_data_timestamp_seconds", "gauge", "When the sensor was heard last.");
  for (const auto& sensor : all["sensors"]) {
    if (const auto at = seconds(sensor, "last_data")) last.sample(labels_of(sensor), *at);
  }
  Metric covered(out, "lintel_sensor_covered_permille", "gauge",
                 "Share of the store's open day so far for which the sensor's numbers are complete.");
  for (const auto& sensor : all["sensors"]) {
    const auto share = sensor["today"].find("coverage");
    if (share == sensor["today"].end() || !share->is_number()) continue;
    covered.sample(labels_of(sensor), static_cast<std::int64_t>(share->get<double>() * 1000));
  }
  Metric today(out, "lintel_sensor_people_today", "gauge", "People counted in the store's day.");
  for (const auto& sensor : all["sensors"]) {
    for (const char* direction : {"in", "out"}) {
      auto labels = labels_of(sensor);
      labels.emplace_back("direction", direction);
      today.sample(labels, sensor["today"].value(direction, std::int64_t{0}));
    }
  }
}

void links(std::string& out, const json& all) {
  Metric up(out, "lintel_link_up", "gauge", "1 while the link is connected.");
  for (const auto& link : all["links"]) {
    up.sample({{"link", link.value("name", "")}, {"type", link.value("type", "")}},
              link.value("up", false) ? 1 : 0);
  }
}

}  // namespace

std::string prometheus(const json& snapshot) {
  std::string out;
  gateway(out, snapshot);
  machine(out, snapshot["gateway"]);
  hq(out, snapshot);
  sensors(out, snapshot);
  links(out, snapshot);
  return out;
}

}  // namespace lintel::status
