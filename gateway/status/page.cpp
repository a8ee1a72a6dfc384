#include "gateway/status/page.hpp"

#include <fmt/format.h>

#include "firmware-bridge/core/embedded.hpp"
#include "firmware-bridge/core/gzip.hpp"
#include "gateway/status/alerts.hpp"
#include "gateway/status/instants.hpp"
#include "gateway/status/metrics.hpp"
#include "gateway/status/parameters.hpp"
#include "gateway/status/readings.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;

constexpr auto kSnapshotHolds = std::chrono::milliseconds{500};
constexpr std::int64_t kUsualLimit = 200;
constexpr std::int64_t kHighestLimit = 2000;
constexpr auto kUsualSpan = std::chrono::hours{24};

std::string content_type(std::string_view path) {
  if (path.ends_with(".html")) return "text/html; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

std::shared_ptr<const std::string> packed_of(std::string_view bytes) {
  constexpr int kSmall = 9;
  auto packed = bridge::gzip(bytes, kSmall);
  return packed ? std::make_shared<const std::string>(std::move(*packed)) : nullptr;
}

struct DataQuery {
  std::int64_t sensor = 0;
  UtcMs from{}, to{};
  std::size_t limit = 0;
};

/// The parameters of /api/sensors/data, or what is wrong with them.
tl::expected<DataQuery, std::string> data_query(const Request& request, UtcMs now) {
  if (const auto odd = unknown_parameter(request, {"sensor", "from", "to", "limit"}))
    return tl::unexpected(*odd);
  const auto value = [&](const char* name) { return parameter(request, name); };
  DataQuery query;
  const auto sensor = whole_number(value("sensor"));
  if (!sensor) return tl::unexpected(std::string("sensor has to be the id of a sensor in /api/sensors"));
  query.sensor = *sensor;
  const auto to = value("to").empty() ? now : parse_instant(value("to"));
  if (!to) return tl::unexpected(std::string("to has to be an instant like 2026-07-31T23:12:00Z"));
  const auto from = value("from").empty() ? *to - kUsualSpan : parse_instant(value("from"));
  if (!from) return tl::unexpected(std::string("from has to be an instant like 2026-07-31T23:12:00Z"));
  const auto limit = value("limit").empty() ? kUsualLimit : whole_number(value("limit"));
  if (!limit || *limit < 1 || *limit > kHighestLimit) {
    return tl::unexpected(fmt::format("limit has to be a number from 1 to {}", kHighestLimit));
  }
  query.from = std::min(*from, *to);
  query.to = *to;
  query.limit = static_cast<std::size_t>(*limit);
  return query;
}

json row_of(const Reading& row) {
  json result{{"from", format_utc(row.started)},
              {"to", format_utc(row.started + row.duration)},
              {"flags", row.flags}};
  const auto put = [&](const char* key, const std::optional<std::int64_t>& value) {
    result[key] = value ? json(*value) : json(nullptr);
  };
  if (row.region.empty()) {
    result["line"] = row.line;
    put("in", row.count_in);
    put("out", row.count_out);
  } else {
    result["region"] = row.region;
    put("occupancy", row.occupancy);
  }
  return result;
}

/// What a change of is not worth telling everybody who looks at the page.
std::string key_of(json snapshot) {
  snapshot.erase("time");
  auto& gateway = snapshot["gateway"];
  for (const char* noise :
       {"uptime_s", "disk_free_bytes", "database_bytes", "spool_bytes", "clock", "machine"}) {
    gateway.erase(noise);
  }
  return dump(snapshot);
}

}  // namespace

std::shared_ptr<const json> Page::current() {
  const auto now = Clock::now();
  if (taken_ != Clock::time_point{} && now - taken_ < kSnapshotHolds) return snapshot_;
  taken_ = now;
  try {
    snapshot_ = std::make_shared<const json>(snapshot(reader_, runtime_));
  } catch (const store::SqliteError& error) {
    snapshot_.reset();
    trouble_ = error.message;
  }
  return snapshot_;
}

std::shared_ptr<const std::string> Page::event() {
  const auto snapshot = current();
  if (!snapshot) return nullptr;
  auto key = key_of(*snapshot);
  if (!event_ || key != event_key_) {
    event_ = std::make_shared<const std::string>(dump(*snapshot));
    event_key_ = std::move(key);
  }
  return event_;
}

/// The page reckons all ages from this: the state that it was given may have held for hours.
std::string Page::beat() {
  const auto snapshot = current();
  return snapshot ? dump({{"time", (*snapshot)["time"]}}) : "{}";
}

Response Page::part(const std::function<json(const json&)>& choose) {
  const auto snapshot = current();
  if (!snapshot) return refusal(503, "the database cannot be read now: " + trouble_);
  return json_response(200, dump(choose(*snapshot)) + "\n");
}

Response Page::sensor_data(const Request& request) {
  const auto snapshot = current();
  if (!snapshot) return refusal(503, "the database cannot be read now: " + trouble_);
  const auto now = instant_of(*snapshot, "time").value_or(UtcMs{});
  const auto query = data_query(request, now);
  if (!query) return refusal(400, query.error());
  const auto& sensors = (*snapshot)["sensors"];
  const bool known = std::any_of(sensors.begin(), sensors.end(),
                                 [&](const json& sensor) { return sensor["id"] == query->sensor; });
  if (!known) return refusal(404, fmt::format("there is no sensor {}: see /api/sensors", query->sensor));
  try {
    const auto page = SensorReadings(reader_).between(query->sensor, query->from, query->to, query->limit);
    json result{{"sensor", query->sensor},
                {"from", format_utc(query->from)},
                {"to", format_utc(query->to)},
                {"next_to", page.next_before ? json(format_utc(*page.next_before)) : json(nullptr)},
                {"readings", json::array()},
                {"coverage", coverage_between(reader_, query->sensor, query->from, query->to)}};
    for (const auto& row : page.rows) result["readings"].push_back(row_of(row));
    return json_response(200, dump(result) + "\n");
  } catch (const store::SqliteError& error) {
    if ((error.code & 0xff) == SQLITE_INTERRUPT) {
      return refusal(503, "there are too many readings around this time: ask for a shorter range");
    }
    return refusal(503, "the database cannot be read now: " + error.message);
  }
}

Response Page::metrics() {
  const auto snapshot = current();
  if (!snapshot) return text_response(503, "the database cannot be read now: " + trouble_ + "\n");
  auto response = text_response(200, prometheus(*snapshot));
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Routes Page::routes() {
  Routes routes;
  for (const auto& file : embedded::web()) {
    const std::string path = file.path == "index.html" ? "/" : fmt::format("/{}", file.path);
    routes.handlers[path] = [type = content_type(file.path),
                             body = std::make_shared<const std::string>(file.bytes),
                             packed = std::shared_ptr<const std::string>()](const Request&) mutable {
      if (!packed) packed = packed_of(*body);  // by the first who asks: the start waits for nobody
      return Response{200, type, body, packed};
    };
  }
  const auto add = [&](const char* path, std::function<json(const json&)> choose) {
    routes.handlers[path] = [this, choose = std::move(choose)](const Request&) { return part(choose); };
  };
  add("/api/status", [](const json& all) { return all; });
  add("/api/sensors", [](const json& all) {
    return json{{"time", all["time"]}, {"sensors", all["sensors"]}};
  });
  add("/api/health", [](const json& all) {
    auto health = all["verdict"];
    health["time"] = all["time"];
    return health;
  });
  routes.handlers["/api/sensors/data"] = [this](const Request& request) { return sensor_data(request); };
  routes.handlers["/api/alerts"] = [this](const Request& request) {
    return alerts_response(reader_, request);
  };
  analytics_.add_to(routes, [this]() -> std::optional<UtcMs> {
    const auto snapshot = current();
    return snapshot ? instant_of(*snapshot, "time") : std::nullopt;
  });
  routes.handlers["/metrics"] = [this](const Request&) { return metrics(); };
  routes.handlers["/api/openapi.json"] = [](const Request&) {
    return json_response(200, std::string(embedded::api().front().bytes));
  };
  routes.streams["/api/stream"] = {[this] { return event(); }, [this] { return beat(); }};
  return routes;
}

}  // namespace lintel::status
