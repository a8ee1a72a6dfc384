// What `lintel config` prints of a configuration that is in order.
#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/cli/config.hpp"
#include "gateway/config/keys.hpp"

namespace lintel::cli {
namespace {

using config::Config;
using config::Link;
using config::Sensor;

constexpr std::string_view kMask = "********";

std::string masked(const std::string& secret) {
  return std::string(secret.empty() ? "" : kMask);
}

std::string number(double value) {
  return fmt::format("{}", value);
}

std::string clock_time(int minute) {
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

/// The values in force of one key of gateway.conf, as a file would state them.
std::vector<std::string> values(const Config& config, const std::string& name) {
  if (name == "store.id") return {config.store_id};
  if (name == "store.name") return {config.store_name};
  if (name == "store.timezone") return {config.timezone};
  if (name == "store.day_start") return {clock_time(config.day_start_minute)};
  if (name == "store.calendar_from") return {config.calendar_from};
  if (name == "store.open") return config.open;
  if (name == "gateway.name") return {config.gateway_name};
  if (name == "gateway.state_dir") return {config.state_dir.string()};
  if (name == "gateway.spool_dir") return {config.spool_dir.string()};
  if (name == "gateway.spool_limit_mb") return {std::to_string(config.spool_limit_bytes >> 20)};
  if (name == "gateway.profiles_dir") return {config.profiles_dir.string()};
  if (name == "storage.durability") return {config.relaxed ? "relaxed" : "strict"};
  if (name == "storage.commit_interval_ms") return {std::to_string(config.commit_interval.count())};
  if (name == "storage.keep_days") return {std::to_string(config.keep_days.count())};
  if (name == "storage.database_mb") return {std::to_string(config.database_bytes >> 20)};
  if (name == "storage.evidence_mb") return {std::to_string(config.evidence_bytes >> 20)};
  if (name == "status.listen") return {config.listen};
  if (name == "status.allowed_host") return config.allowed_hosts;
  if (name == "ingest.listen") return {config.ingest_listen};
  if (name == "hq.url") return {config.hq_url};
  if (name == "hq.api_key") return {masked(config.hq_api_key)};
  if (name == "hq.credential_file") return {config.hq_credential_file.string()};
  if (name == "hq.ca_file") return {config.hq_ca_file.string()};
  if (name == "hq.client_cert") return {config.hq_client_cert.string()};
  if (name == "hq.client_key") return {config.hq_client_key.string()};
  if (name == "hq.interval_seconds") return {number(static_cast<double>(config.hq_interval.count()) / 1000)};
  if (name == "clock.trust_system") return {config.trust_system};
  if (name == "status.pin_file") return {config.page_pin.empty() ? "" : std::string(kMask)};
  if (name == "health.offline_after_minutes") return {std::to_string(config.offline_after.count())};
  return {};
}

std::string line(std::string_view key, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("{} = {}\n", key, value);
}

std::string_view word(Link::Auth auth) {
  switch (auth) {
    case Link::Auth::none: return "none";
    case Link::Auth::path: return "path";
    case Link::Auth::bearer: return "bearer";
    case Link::Auth::basic: return "basic";
    case Link::Auth::digest: return "digest";
  }
  return "";
}

std::string seconds(std::chrono::milliseconds time) {
  return number(static_cast<double>(time.count()) / 1000);
}

std::string http_listing(const Link& link) {
  const bool poll = link.type == Link::Type::poll;
  auto text = line("type", poll ? "poll" : "http");
  for (const auto& url : link.urls) text += line("url", url);
  text += line("decoder", link.decoder);
  if (poll) {
    text += line("interval_seconds", seconds(link.interval)) +
            line("timeout_seconds", seconds(link.timeout)) + line("stream", link.stream ? "yes" : "no") +
            line("pin", link.pin) + line("ca_file", link.ca_file.string());
  }
  return text + line("auth", word(link.auth)) + line("user", link.user) + line("secret", masked(link.secret));
}

std::string modbus_listing(const Link& link) {
  return line("type", "modbus") + line("device", link.device.string()) +
         line("baud", std::to_string(link.baud)) + line("format", link.format) +
         line("decoder", link.decoder) + line("units", fmt::format("{}", fmt::join(link.units, " "))) +
         line("poll_seconds", number(static_cast<double>(link.poll_interval.count()) / 1000)) +
         line("answer_ms", std::to_string(link.answer_timeout.count())) +
         line("gap_ms", std::to_string(link.gap.count())) + line("rs485", link.rs485) +
         line("echo", link.echo ? "yes" : "no");
}

std::string listing(const Link& link) {
  auto text = fmt::format("\n# link {}, {}\n", link.name, link.file.string());
  if (link.type == Link::Type::serial) {
    return text + line("type", "serial") + line("device", link.device.string()) +
           line("baud", std::to_string(link.baud)) + line("format", link.format) +
           line("decoder", link.decoder);
  }
  if (link.type == Link::Type::modbus) return text + modbus_listing(link);
  if (link.type != Link::Type::mqtt) return text + http_listing(link);
  text += line("type", "mqtt") + line("url", link.url) + line("client_id", link.client_id) +
          line("user", link.user) + line("password", masked(link.password)) +
          line("ca_file", link.ca_file.string());
  for (const auto& wanted : link.subscriptions)
    text += line("subscribe", wanted.decoder + " " + wanted.topic);
  return text;
}

std::string listing(const Sensor& sensor) {
  auto text = fmt::format("\n# sensor, {}\n", sensor.file.string()) + line("serial", sensor.serial) +
              line("name", sensor.name) + line("invert", sensor.invert ? "yes" : "no") +
              line("timezone", sensor.timezone) +
              line("expected_interval_seconds", std::to_string(sensor.expected_interval.count()));
  for (const auto& [name, channels] : sensor.lines) {
    const auto in = channels.in.empty() ? "" : " in=" + channels.in;
    const auto out = channels.out.empty() ? "" : " out=" + channels.out;
    text += line("line", fmt::format("{}{}{}", name, in, out));
  }
  if (!sensor.payload.empty()) text += line("payload", sensor.payload);
  return text;
}

std::string row(std::string_view title, std::string_view text) {
  return fmt::format("{:<9} {}\n", title, text);
}

std::string in_short(const Link& link) {
  if (link.type == Link::Type::serial) {
    return fmt::format("{}: {}, {} {}, {}", link.name, link.device.string(), link.baud, link.format,
                       link.decoder);
  }
  if (link.type == Link::Type::modbus) {
    return fmt::format("{}: {}, {} {}, {} at {}", link.name, link.device.string(), link.baud, link.format,
                       link.decoder, fmt::join(link.units, " "));
  }
  if (link.type == Link::Type::http) {
    return fmt::format("{}: pushed to /ingest/{}, auth {}, {}", link.name, link.name, word(link.auth),
                       link.decoder);
  }
  if (link.type == Link::Type::poll) {
    return fmt::format("{}: {}{}, {} {} s, {}", link.name, link.urls.front(),
                       link.urls.size() > 1 ? fmt::format(" and {} more", link.urls.size() - 1) : "",
                       link.stream ? "a stream, silent at most" : "every", seconds(link.interval),
                       link.decoder);
  }
  const auto count = link.subscriptions.size();
  return fmt::format("{}: {}, {} subscription{}", link.name, link.url, count, count == 1 ? "" : "s");
}

std::string in_short(const Sensor& sensor) {
  return sensor.name.empty() ? sensor.serial : fmt::format("{} ({})", sensor.name, sensor.serial);
}

}  // namespace

std::string summary(const Config& config) {
  auto text = fmt::format("{}: in order\n", config.file.empty() ? "built-in defaults" : config.file.string());
  text += row("store", fmt::format("{}, {}, day starts at {}, {}", config.store_name, config.timezone,
                                   clock_time(config.day_start_minute),
                                   config.store_id.empty() ? "not provisioned yet" : config.store_id));
  text += row("gateway", fmt::format("{}, database in {}", config.gateway_name, config.state_dir.string()));
  text += row("storage", fmt::format("{}, committed every {} ms", config.relaxed ? "relaxed" : "strict",
                                     config.commit_interval.count()));
  text += row("page", config.listen.empty() ? "none" : fmt::format("http://{}/", config.listen));
  const bool pushed = std::any_of(config.links.begin(), config.links.end(),
                                  [](const Link& link) { return link.type == Link::Type::http; });
  if (pushed) text += row("ingest", fmt::format("http://{}/ingest/", config.ingest_listen));
  text += row("HQ", config.hq_url.empty() ? "none, nothing is sent" : config.hq_url);
  for (const auto& link : config.links) text += row("link", in_short(link));
  for (const auto& sensor : config.sensors) text += row("sensor", in_short(sensor));
  return text;
}

std::string listing(const Config& config) {
  std::string text = fmt::format("# {}\n", config.file.empty() ? "built-in defaults" : config.file.string());
  std::string_view section;
  for (const auto& key : config::gateway_keys()) {
    if (key.section != section) text += fmt::format("\n[{}]\n", key.section);
    section = key.section;
    const auto name = key.full_name();
    const auto origin = config.origins.find(name);
    if (origin == config.origins.end()) {
      const auto in_force = values(config, name);
      const bool empty = in_force.empty() || in_force.front().empty();
      text += fmt::format("#{} ={}\n", key.name, empty ? "" : " " + in_force.front());
      continue;
    }
    text += fmt::format("# from {}\n", origin->second);
    for (const auto& value : values(config, name)) text += fmt::format("{} = {}\n", key.name, value);
  }
  for (const auto& link : config.links) text += listing(link);
  for (const auto& sensor : config.sensors) text += listing(sensor);
  return text;
}

nlohmann::json to_json(const Config& config) {
  using nlohmann::json;
  json all{{"file", config.file.empty() ? json(nullptr) : json(config.file.string())},
           {"warnings", config.warnings},
           {"keys", json::array()},
           {"links", json::array()},
           {"sensors", json::array()}};
  for (const auto& key : config::gateway_keys()) {
    const auto name = key.full_name();
    const auto origin = config.origins.find(name);
    all["keys"].push_back({{"key", name},
                           {"values", values(config, name)},
                           {"from", origin == config.origins.end() ? json(nullptr) : json(origin->second)}});
  }
  for (const auto& link : config.links)
    all["links"].push_back({{"name", link.name}, {"file", link.file.string()}, {"text", in_short(link)}});
  for (const auto& sensor : config.sensors)
    all["sensors"].push_back(
        {{"serial", sensor.serial}, {"name", sensor.name}, {"file", sensor.file.string()}});
  return all;
}

}  // namespace lintel::cli
