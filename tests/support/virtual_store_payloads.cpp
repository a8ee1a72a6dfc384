#include "tests/support/virtual_store_payloads.hpp"

#include <ctime>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lintel::test {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kLineUuid = "fb798b5f-2c15-4360-8713-ba0d213169c7";

/// ISO 8601 with the offset "-00:00" that these devices write for UTC.
std::string milesight_time(UtcMs at) {
  std::string text = format_utc(std::chrono::floor<std::chrono::milliseconds>(at));
  text.pop_back();
  return text + "-00:00";
}

Json device_info(const std::string& serial, std::int64_t uptime, const char* firmware) {
  return {{"device_mac", "24:E1:24:00:00:01"},
          {"device_name", "People Counter"},
          {"device_sn", serial},
          {"firmware_version", firmware},
          {"hardware_version", "V1.1"},
          {"ip_address", "192.168.1.51"},
          {"running_time", uptime},
          {"wlan_mac", "24:E1:24:00:00:02"}};
}

Json time_info(Json times) {
  times["dst_status"] = false;
  times["enable_dst"] = false;
  times["time_zone"] = "UTC-0:00 Western European Time (WET), Greenwich Mean Time (GMT)";
  return times;
}

Json line_object() {
  return {{"line", 1}, {"line_name", "Line1"}, {"line_uuid", kLineUuid}};
}

Json window_times(const Window& window) {
  return time_info({{"end_time", milesight_time(window.end)}, {"start_time", milesight_time(window.start)}});
}

Json totals_object(Passages totals) {
  return {
      {"capacity_counted", totals.in - totals.out}, {"in_counted", totals.in}, {"out_counted", totals.out}};
}

std::tm local_parts(UtcMs at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

std::string vs125_payload(const std::string& serial, const Window& window, bool with_totals) {
  Json message{{"device_info", device_info(serial, window.uptime_seconds, "V_125-LW.1.0.3-r2")}};
  Json line = line_object();
  line["total"] = {{"in", window.counted.in}, {"out", window.counted.out}};
  message["line_periodic_data"] = Json::array({line});
  if (with_totals) {
    line["total"] = totals_object(window.totals);
    message["line_total_data"] = Json::array({line});
  }
  message["time_info"] = window_times(window);
  return message.dump(2);
}

std::string vs125_trigger(const std::string& serial, UtcMs at, Passages crossed) {
  Json message{{"device_info", device_info(serial, 58, "V_125-LW.1.0.3-r2")}};
  Json line{{"group", {{"in", 0}, {"out", 0}}}, {"total", {{"in", crossed.in}, {"out", crossed.out}}}};
  line.update(line_object());
  message["line_trigger_data"] = Json::array({line});
  message["time_info"] = time_info({{"time", milesight_time(at)}});
  return message.dump(2);
}

std::string vs133_payload(const std::string& serial, const Window& window) {
  Json message{{"device_info", device_info(serial, window.uptime_seconds, "V_133.1.0.7-r1")}};
  Json line = line_object();
  line["in"] = window.counted.in;
  line["out"] = window.counted.out;
  line["children_in"] = 0;
  line["children_out"] = 0;
  message["line_periodic_data"] = Json::array({line});
  Json total = line_object();
  total.update(totals_object(window.totals));
  message["line_total_data"] = Json::array({total});
  message["time_info"] = window_times(window);
  return message.dump(2);
}

std::string tasmota_console_line(const std::string& topic, UtcMs at, Passages totals) {
  const std::tm now = local_parts(at);
  const std::string clock = fmt::format("{:02}:{:02}:{:02}", now.tm_hour, now.tm_min, now.tm_sec);
  return fmt::format(
      R"({} MQT: tele/{}/SENSOR = {{"Time":"{:04}-{:02}-{:02}T{}","COUNTER":{{"C1":{},"C2":{}}}}})"
      "\r\n",
      clock, topic, now.tm_year + 1900, now.tm_mon + 1, now.tm_mday, clock, totals.in, totals.out);
}

}  // namespace lintel::test
