#include <filesystem>
#include <optional>

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

/// A file that TLS cannot do without; nothing where none is named.
std::optional<TextFile> required_file(const Settings& settings, std::string_view key,
                                      const std::filesystem::path& path, Report& report) {
  const auto* entry = settings.entry(key);
  if (entry == nullptr || path.empty()) return std::nullopt;
  auto file = read_text(path);
  if (file) return std::move(*file);
  report.problems.push_back(fmt::format("{} = \"{}\": {}", entry->label, entry->value, file.error()));
  return std::nullopt;
}

void look_at_tls(const Settings& settings, const Config& config, Report& report) {
  (void)required_file(settings, "hq.ca_file", config.hq_ca_file, report);
  (void)required_file(settings, "hq.client_cert", config.hq_client_cert, report);
  const auto key = required_file(settings, "hq.client_key", config.hq_client_key, report);
  if (key && !key->private_to_owner) {
    report.warnings.push_back(fmt::format("{}: others may read it, so it is not used: chmod 600 {}",
                                          settings.entry("hq.client_key")->label,
                                          config.hq_client_key.string()));
  }
  if (config.hq_client_cert.empty() == config.hq_client_key.empty()) return;
  const auto* stated =
      config.hq_client_cert.empty() ? settings.entry("hq.client_key") : settings.entry("hq.client_cert");
  report.problems.push_back(
      fmt::format("{}: client_cert and client_key belong together, the other one is missing", stated->label));
}

void look_at_hq(const Settings& settings, const Config& config, Report& report) {
  look_at_tls(settings, config, report);
  if (config.hq_url.empty()) return;
  if (config.hq_url.starts_with("http://") && !is_loopback(config.hq_url)) {
    report.warnings.push_back(
        fmt::format("{}: counts and token travel unencrypted, use https:// if HQ offers it",
                    settings.entry("hq.url")->label));
  }
  const auto* credential = settings.entry("hq.credential_file");
  if (credential == nullptr || config.hq_credential_file.empty()) return;
  if (const auto file = read_text(config.hq_credential_file); !file) {
    // No problem: a token may arrive later, and counting never waits for it.
    report.warnings.push_back(
        fmt::format("{} = \"{}\": {}", credential->label, credential->value, file.error()));
  } else if (file->world_readable) {
    report.warnings.push_back(
        fmt::format("{0} = \"{1}\": everybody on this machine can read it, chmod o-r {2}", credential->label,
                    credential->value, config.hq_credential_file.string()));
  }
}

constexpr std::size_t kShortestPin = 6;
constexpr std::size_t kLongestPin = 64;

/// The PIN in the file that is named, or in page_pin beside gateway.conf, where there is one. A secret that
/// others can read is none.
std::string page_pin(const Settings& settings, const Config& config, Report& report) {
  const auto* entry = settings.entry("status.pin_file");
  const bool named = entry != nullptr && !entry->value.empty();
  auto path = settings.path("status.pin_file");
  if (!named) {
    std::error_code ignored;
    path = config.file.parent_path() / "page_pin";
    if (config.file.empty() || !std::filesystem::exists(path, ignored)) return {};
  }
  const auto label = named ? fmt::format("{} = \"{}\"", entry->label, entry->value) : path.string();
  const auto file = read_text(path);
  if (!file) {
    report.problems.push_back(fmt::format("{}: {}", label, file.error()));
    return {};
  }
  if (!file->private_to_owner) {
    report.warnings.push_back(
        fmt::format("{}: others may read it, so nobody can change anything on the page: chmod 600 {}", label,
                    path.string()));
    return {};
  }
  auto pin = file->text.substr(0, file->text.find_first_of("\r\n"));
  if (pin.size() >= kShortestPin && pin.size() <= kLongestPin) return pin;
  report.problems.push_back(fmt::format("{}: a PIN has {} to {} characters, this one {}", label, kShortestPin,
                                        kLongestPin, pin.size()));
  return {};
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

  config.page_pin = page_pin(settings, config, report);

  config.ingest_listen = settings.text("ingest.listen");

  if (const auto& url = settings.text("hq.url"); !url.empty()) config.hq_url = checked(http_url(url), url);
  config.hq_api_key = settings.text("hq.api_key");
  config.hq_credential_file = settings.path("hq.credential_file");
  config.hq_ca_file = settings.path("hq.ca_file");
  config.hq_client_cert = settings.path("hq.client_cert");
  config.hq_client_key = settings.path("hq.client_key");
  config.hq_interval =
      checked(seconds(settings.text("hq.interval_seconds"), 0ms, 24h), std::chrono::milliseconds(60s));
  look_at_hq(settings, config, report);

  config.card_endurance_bytes =
      static_cast<std::uint64_t>(number(settings, "health.card_endurance_gb")) * 1'000'000'000;
  config.offline_after = std::chrono::minutes(number(settings, "health.offline_after_minutes"));
  for (const auto& key : gateway_keys()) {
    const auto name = key.full_name();
    if (const auto* entry = settings.entry(name)) config.origins.emplace(name, entry->where);
  }
}

}  // namespace lintel::config
