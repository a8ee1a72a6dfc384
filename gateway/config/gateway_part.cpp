#include <fmt/format.h>

#include "gateway/config/parts.hpp"
#include "gateway/config/sources.hpp"
#include "gateway/config/values.hpp"

namespace lintel::config {
namespace {

using namespace std::chrono_literals;

/// A value that passed its check; anything else is a hole in the key table.
template <typename T>
T checked(const Parsed<T>& parsed, T otherwise) {
  return parsed ? *parsed : otherwise;
}

std::int64_t number(const Settings& settings, std::string_view name) {
  return checked(whole_number(settings.text(name), 0, INT64_MAX, "", ""), std::int64_t{0});
}

bool is_loopback(std::string_view url) {
  return url.starts_with("http://127.") || url.starts_with("http://localhost") ||
         url.starts_with("http://[::1]");
}

void look_at_hq(const Settings& settings, const Config& config, Report& report) {
  if (const auto* ca = settings.entry("hq.ca_file"); ca != nullptr && !config.hq_ca_file.empty()) {
    if (const auto file = read_text(config.hq_ca_file); !file) {
      report.problems.push_back(fmt::format("{} = \"{}\": {}", ca->label, ca->value, file.error()));
    }
  }
  if (config.hq_url.empty()) return;
  if (config.hq_url.starts_with("http://") && !is_loopback(config.hq_url)) {
    report.warnings.push_back(
        fmt::format("{}: counts and token travel unencrypted, use https:// if HQ offers it",
                    settings.entry("hq.url")->label));
  }
  const auto* credential = settings.entry("hq.credential_file");
  if (credential == nullptr || config.hq_credential_file.empty()) {
    report.warnings.push_back(fmt::format("{}: without credential_file HQ will refuse what is sent",
                                          settings.entry("hq.url")->label));
  } else if (const auto file = read_text(config.hq_credential_file); !file) {
    // No problem: a token may arrive later, and counting never waits for it.
    report.warnings.push_back(
        fmt::format("{} = \"{}\": {}", credential->label, credential->value, file.error()));
  } else if (file->world_readable) {
    report.warnings.push_back(
        fmt::format("{0} = \"{1}\": everybody on this machine can read it, chmod o-r {2}", credential->label,
                    credential->value, config.hq_credential_file.string()));
  }
}

}  // namespace

void apply_gateway(const Settings& settings, Config& config, Report& report) {
  if (const auto& id = settings.text("store.id"); !id.empty()) config.store_id = checked(uuid(id), id);
  config.store_name = settings.text("store.name");
  config.timezone = settings.text("store.timezone");
  config.day_start_minute = checked(minute_of_day(settings.text("store.day_start")), 0);
  config.calendar_from = settings.text("store.calendar_from");
  for (const auto& entry : settings.entries("store.open")) {
    if (!entry.value.empty()) config.open.push_back(entry.value);
  }
  config.opening_hours = opening_hours(config.open);

  config.gateway_name = settings.text("gateway.name");
  config.state_dir = settings.path("gateway.state_dir");
  config.spool_dir = settings.path("gateway.spool_dir");
  config.spool_limit_bytes = static_cast<std::uint64_t>(number(settings, "gateway.spool_limit_mb")) << 20;
  config.profiles_dir = settings.path("gateway.profiles_dir");

  config.relaxed = settings.text("storage.durability") == "relaxed";
  const bool stated = settings.entry("storage.commit_interval_ms") != nullptr;
  config.commit_interval = std::chrono::milliseconds(number(settings, "storage.commit_interval_ms"));
  if (config.relaxed && !stated) config.commit_interval = 60s;

  config.keep_days = std::chrono::days{number(settings, "storage.keep_days")};
  config.database_bytes = static_cast<std::uint64_t>(number(settings, "storage.database_mb")) << 20;
  config.evidence_bytes = static_cast<std::uint64_t>(number(settings, "storage.evidence_mb")) << 20;
  config.trust_system = settings.text("clock.trust_system");

  config.listen = settings.text("status.listen");
  for (const auto& host : settings.entries("status.allowed_host")) config.allowed_hosts.push_back(host.value);

  config.ingest_listen = settings.text("ingest.listen");

  if (const auto& url = settings.text("hq.url"); !url.empty()) config.hq_url = checked(http_url(url), url);
  config.hq_api_key = settings.text("hq.api_key");
  config.hq_credential_file = settings.path("hq.credential_file");
  config.hq_ca_file = settings.path("hq.ca_file");
  config.hq_interval =
      checked(seconds(settings.text("hq.interval_seconds"), 0ms, 24h), std::chrono::milliseconds(60s));
  look_at_hq(settings, config, report);

  config.offline_after = std::chrono::minutes(number(settings, "health.offline_after_minutes"));
  for (const auto& key : gateway_keys()) {
    const auto name = key.full_name();
    if (const auto* entry = settings.entry(name)) config.origins.emplace(name, entry->where);
  }
}

}  // namespace lintel::config
