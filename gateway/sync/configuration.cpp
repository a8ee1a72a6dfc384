#include "gateway/sync/configuration.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/clock/opening_hours.hpp"
#include "gateway/clock/store_days.hpp"
#include "gateway/clock/zone.hpp"
#include "gateway/store/sensor_settings.hpp"
#include "gateway/sync/stated.hpp"

namespace lintel::sync {

namespace {

using nlohmann::json;
using namespace stated;  // NOLINT(google-build-using-namespace): every line here reads them

std::optional<std::string> maybe_name(const json& from, const char* key) {
  const auto* value = find(from, key);
  if (value == nullptr) return std::nullopt;
  auto name = text(*value, key);
  if (name.empty()) throw Mismatch{fmt::format("\"{}\" is empty", key)};
  return name;
}

/// A zone that this machine does not know would leave it without days.
void check_zone(const std::string& zone) {
  const bool plain =
      zone.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
      std::string::npos;
  if (!plain || zone.front() == '/' || !clock::Zone::find(zone)) {
    throw Mismatch{
        fmt::format("\"timezone\" names the zone {}, which this gateway's tzdata does not have", zone)};
  }
}

/// The calendar with its history, if HQ keeps one.
std::optional<std::string> calendar_of(const json& store) {
  const auto* value = find(store, "calendar");
  if (value == nullptr) return std::nullopt;
  const auto periods = clock::parse_periods(*value);
  if (!periods) throw Mismatch{periods.error().message};
  for (const auto& period : *periods) check_zone(period.timezone);
  return clock::to_text(*periods);
}

/// A null says that nobody knows them any more, which is not the same as saying nothing.
std::optional<std::string> opening_hours_of(const json& store) {
  const auto value = store.find("opening_hours");
  if (value == store.end()) return std::nullopt;
  if (value->is_null()) return "null";
  if (const auto hours = clock::OpeningHours::parse(*value); !hours) throw Mismatch{hours.error().message};
  return value->dump();
}

/// Read by a script that root runs (cross/image), so only what HQ's own check lets through:
/// schema/postgres/deploy/updates.sql.
std::optional<std::string> updates_of(const json& store) {
  const auto value = store.find("updates");
  if (value == store.end()) return std::nullopt;
  if (value->is_null()) return "null";
  (void)object(*value, "config.store.updates");
  const auto only = [](const std::string& said, const char* characters) {
    return !said.empty() && said.find_first_not_of(characters) == std::string::npos;
  };
  static constexpr auto kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~_-";
  const auto version = text(need(*value, "version"), "updates.version");
  if (version.size() > 64 || !only(version, kPlain)) throw Mismatch{"\"updates.version\" is no plain text"};
  const auto bundle = text(need(*value, "bundle"), "updates.bundle");
  const bool address = bundle.starts_with("https://") || bundle.starts_with("http://");
  if (!address || bundle.size() > 410 ||
      std::ranges::any_of(bundle, [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\''; })) {
    throw Mismatch{"\"updates.bundle\" is no address"};
  }
  const auto share = integer(need(*value, "share"), "updates.share", 0, 100);
  return json{{"version", version}, {"bundle", bundle}, {"share", share}}.dump();
}

/// What cannot be counted by is refused with its place, and what held before goes on holding.
std::optional<std::string> sensor_settings(const json& entry) {
  const auto* settings = find(entry, "settings");
  if (settings == nullptr) return std::nullopt;
  const auto of = [&](const std::string& problem) {
    const auto serial = entry.find("serial");
    return fmt::format("sensor {}: {}",
                       serial != entry.end() && serial->is_string() ? serial->get<std::string>() : "?",
                       problem);
  };
  auto text =
      object(*settings, "config.sensors.settings").dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > store::kLongestSettings) throw Mismatch{of("its settings are larger than 16 KB")};
  if (const auto parsed = store::parse_settings(*settings); !parsed)
    throw Mismatch{of(parsed.error().message)};
  return text;
}

}  // namespace

Configuration read_configuration(const json& value) {
  Configuration out;
  out.version = integer(need(value, "version"), "config.version", 0, kMostChanges);
  if (const auto* store = find(value, "store")) {
    (void)object(*store, "config.store");
    out.store_name = maybe_name(*store, "name");
    out.timezone = maybe_name(*store, "timezone");
    if (out.timezone) check_zone(*out.timezone);
    if (const auto* minute = find(*store, "day_start_minute")) {
      out.day_start_minute = static_cast<int>(integer(*minute, "day_start_minute", 0, 1439));
    }
    out.calendar = calendar_of(*store);
    out.opening_hours = opening_hours_of(*store);
    out.updates = updates_of(*store);
  }
  if (const auto* sensors = find(value, "sensors")) {
    for (const auto& entry : array(*sensors, "config.sensors")) {
      (void)object(entry, "config.sensors");
      const auto* serial = find(entry, "serial");
      const auto* model = find(entry, "model");
      out.sensors.push_back({text(need(entry, "id"), "id"), serial ? text(*serial, "serial") : std::string(),
                             maybe_name(entry, "name"), maybe_name(entry, "lifecycle"),
                             model ? std::optional(text(*model, "model")) : std::nullopt,
                             sensor_settings(entry)});
    }
  }
  if (const auto* regions = find(value, "regions")) {
    auto read = read_regions(*regions);
    if (!read) throw Mismatch{read.error().message};
    out.regions = std::move(*read);
  }
  return out;
}

}  // namespace lintel::sync
