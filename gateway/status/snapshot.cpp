#include "gateway/status/snapshot.hpp"

#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/alerts.hpp"
#include "gateway/status/calendar.hpp"
#include "gateway/status/device.hpp"
#include "gateway/status/mounting.hpp"
#include "gateway/status/problems.hpp"
#include "gateway/status/read_transaction.hpp"
#include "gateway/status/readings.hpp"
#include "gateway/status/regions.hpp"
#include "gateway/store/sensor_settings.hpp"
#include "gateway/store/store.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kQuarantineLook = 500;
constexpr std::size_t kMostAlerts = 100;

json instant(std::optional<std::int64_t> ms) {
  return ms ? json(format_utc(utc_ms(*ms))) : json(nullptr);
}

json number(std::optional<std::int64_t> value) {
  return value ? json(*value) : json(nullptr);
}

std::uintmax_t size_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : size;
}

json storage(const fs::path& state_dir) {
  const auto database = store::database_path(state_dir);
  std::error_code error;
  const auto space = fs::space(state_dir, error);
  json result{{"database_bytes", size_of(database) + size_of(database.string() + "-wal")}};
  result["disk_free_bytes"] = error ? json(nullptr) : json(space.available);
  result["disk_bytes"] = error ? json(nullptr) : json(space.capacity);
  return result;
}

/// How much room the readings have, how long it lasts without HQ, and what had to go.
json room(store::Database& db, const Runtime& runtime) {
  const auto room = store::room_of(db, store::database_path(runtime.state_dir), runtime.limits);
  const auto alone = store::days_alone(db, room);
  auto lost = db.prepare("select coalesce(sum(readings), 0), min(day), max(day) from given_up");
  (void)lost.step();
  const auto day = [&lost](int column) {
    return lost.is_null(column) ? json(nullptr)
                                : json(format_utc(utc_ms(lost.integer(column) * 86'400'000)).substr(0, 10));
  };
  return {{"used_bytes", room.used},
          {"limit_bytes", room.limit},
          {"keep_days", runtime.limits.keep.count()},
          {"days_alone", alone ? json(alone->count()) : json(nullptr)},
          {"given_up", {{"readings", lost.integer(0)}, {"from", day(1)}, {"to", day(2)}}}};
}

json gateway(store::Database& db, const Runtime& runtime, const json& facts) {
  json result = storage(runtime.state_dir);
  result["room"] = room(db, runtime);
  auto row = db.prepare(
      "select g.name, g.version, s.name, s.public_id, s.timezone, s.day_start_minute "
      "from gateways g join stores s on s.id = g.store_id where g.id = 1");
  if (row.step()) {
    result["name"] = row.text(0);
    result["version"] = row.text(1);
    result["store"] = row.text(2);
    result["store_id"] = row.text(3);
    result["timezone"] = row.text(4);
    result["day_start_minute"] = row.integer(5);
  }
  result["state"] = !facts.is_null() ? "running" : runtime.silent ? "silent" : "stopped";
  for (const char* key : {"uptime_s", "clock", "storage_error", "notice", "spool_bytes", "frames", "refused",
                          "repeats", "machine", "conditions"}) {
    if (facts.contains(key)) result[key] = facts[key];
  }
  return result;
}

json reading(const Reading& row) {
  json result{{"from", format_utc(row.started)}, {"to", format_utc(row.started + row.duration)}};
  if (row.region.empty()) {
    result["line"] = row.line;
    result["in"] = number(row.count_in);
    result["out"] = number(row.count_out);
  } else {
    result["region"] = row.region;
    result["occupancy"] = number(row.occupancy);
  }
  return result;
}

/// What people call the line or the region, where they have a name for it.
void name_series(json& reading, const json& lines, const json& regions) {
  const bool region = reading.contains("region");
  const auto& names = region ? regions : lines;
  const auto key = reading[region ? "region" : "line"].get<std::string>();
  if (names.contains(key)) reading["name"] = names[key];
}

constexpr const char* kDaySums =
    "select line, count_in + unallocated_in + estimated_in, count_out + unallocated_out + estimated_out "
    "from daily_analytics where store_id = 1 and sensor_id = ? and day = ? and region = '' order by line";

/// `select` is kDaySums.
json day_sums(store::Statement& select, std::int64_t sensor, std::int64_t day, const json& names) {
  std::int64_t in = 0, out = 0;
  auto lines = json::array();
  select.bind(sensor, day);
  while (select.step()) {
    in += select.integer(1);
    out += select.integer(2);
    json line{{"line", select.text(0)}, {"in", select.integer(1)}, {"out", select.integer(2)}};
    const auto key = line["line"].get<std::string>();
    if (names.contains(key)) line["name"] = names[key];
    lines.push_back(std::move(line));
  }
  return {{"in", in}, {"out", out}, {"lines", std::move(lines)}};
}

/// The daemon's verdict where it runs; otherwise nobody listens and nobody knows.
void add_verdict(json& sensor, const std::string& written, const json& facts, const Runtime& runtime) {
  const auto id = std::to_string(sensor["id"].get<std::int64_t>());
  if (facts.is_object() && facts.contains("sensors")) {
    if (const auto found = facts["sensors"].find(id); found != facts["sensors"].end()) {
      for (const char* key : {"status", "cause", "advice", "rejects"}) {
        sensor[key] = found->value(key, json(nullptr));
      }
      // The table's instant is up to a minute old.
      const auto live = found->value("last_data", json(nullptr));
      if (live.is_string()) sensor["last_data"] = live;
      return;
    }
  }
  sensor["rejects"] = nullptr;
  sensor["advice"] = "";
  sensor["status"] = runtime.silent || facts.is_object() || written == "disabled" ? written : "unknown";
  sensor["cause"] = facts.is_object() ? ""
                    : runtime.silent  ? "as last written; the gateway does not answer"
                                      : fmt::format("the gateway is not running; last known: {}", written);
}

json sensors(store::Database& db, const Runtime& runtime, const json& facts, UtcMs now) {
  auto result = json::array();
  SensorReadings readings(db);
  Mounting mounting(db);
  DeviceStory devices(db);
  auto sums = db.prepare(kDaySums);
  const auto days = store_days(db);
  const auto day = days.day(now);
  DayCoverage coverage(db, days.begin(day), now, runtime.closed ? runtime.closed : closed_by_hours(db));
  auto select = db.prepare(
      "select id, public_id, serial, name, model, link, lifecycle, status, last_data_received, "
      "offline_since, interval_ms, metadata, created_at from sensor_metadata where deleted_at is null order "
      "by name, id");
  while (select.step()) {
    const auto id = select.integer(0);
    json sensor{{"id", id},
                {"public_id", select.text(1)},
                {"serial", select.text(2)},
                {"name", select.text(3)},
                {"model", select.text(4)},
                {"link", select.text(5)},
                {"lifecycle", select.text(6)},
                {"last_data", instant(select.maybe_integer(8))},
                {"offline_since", instant(select.maybe_integer(9))},
                {"interval_s", select.integer(10) > 0 ? json(select.integer(10) / 1000) : json(nullptr)}};
    add_verdict(sensor, std::string(select.text(7)), facts, runtime);
    const auto force = store::object_from(select.text(11)).value("in_force", json::object());
    const auto line_names = force.value("line_names", json::object());
    sensor.update(mounting.of(id, force));
    sensor.update(devices.of(id));
    const auto latest = readings.latest(id);
    sensor["last_reading"] = latest ? reading(*latest) : json(nullptr);
    if (latest) name_series(sensor["last_reading"], line_names, force.value("region_names", json::object()));
    sensor["today"] = day_sums(sums, id, day, line_names);
    sensor["today"].update(coverage.of({id, utc_ms(select.integer(12)), Millis{select.integer(10)}}));
    result.push_back(std::move(sensor));
  }
  return result;
}

json backlog(store::Database& db) {
  json result{{"changes", 0}, {"oldest", nullptr}, {"last_change", 0}, {"watermark", 0}};
  auto row = db.prepare(
      "select w.next_change_no - 1, s.watermark from writer_state w join sync_state s on s.id = w.id");
  if (!row.step()) return result;
  const auto last = row.integer(0), watermark = row.integer(1);
  result["last_change"] = last;
  result["watermark"] = watermark;
  result["changes"] = std::max<std::int64_t>(last - watermark, 0);
  auto oldest = db.prepare(
      "select min(at) from (select received_at as at from (select received_at from people_counting_raw "
      "where change_no > ?1 order by change_no limit 1) union all select received_at from (select "
      "received_at "
      "from regional_counting_raw where change_no > ?1 order by change_no limit 1))");
  oldest.bind(watermark);
  if (oldest.step()) result["oldest"] = instant(oldest.maybe_integer(0));
  return result;
}

json hq(store::Database& db, const Runtime& runtime, const json& facts) {
  json result{{"configured", runtime.hq_configured}};
  auto row = db.prepare(
      "select last_attempt_at, last_success_at, last_error, failures, coverage_refused, "
      "alerts_refused, (select count(*) from owed_alerts) from sync_state");
  if (row.step()) {
    result["last_attempt"] = instant(row.maybe_integer(0));
    result["last_contact"] = instant(row.maybe_integer(1));
    result["error"] = row.text(2);
    result["failures"] = row.integer(3);
    result["coverage_refused"] = row.text(4);
    result["alerts_refused"] = row.text(5);
    result["alerts_waiting"] = row.integer(6);
  }
  result["refused_readings"] = db.scalar("select count(*) from set_aside");
  if (facts.is_object() && facts.contains("hq")) result.update(facts["hq"]);
  return result;
}

json quarantine(store::Database& db, UtcMs now) {
  json result{{"count", db.scalar("select count(*) from quarantine")}, {"newest", nullptr}};
  auto recent = db.prepare(
      "select count(*) from (select received_at from quarantine order by id desc limit ?) "
      "where received_at > ?");
  recent.bind(kQuarantineLook, count_ms(now) - 3'600'000);
  result["last_hour"] = recent.step() ? recent.integer(0) : 0;
  auto newest =
      db.prepare("select received_at, link, decoder, kind, reason from quarantine order by id desc limit 1");
  if (newest.step()) {
    result["newest"] = {{"at", instant(newest.maybe_integer(0))},
                        {"link", newest.text(1)},
                        {"decoder", newest.text(2)},
                        {"kind", newest.text(3)},
                        {"reason", newest.text(4)}};
  }
  return result;
}

UtcMs now_of(const Runtime& runtime, const json& facts) {
  const UtcMs ours =
      runtime.now ? runtime.now() : std::chrono::floor<Millis>(std::chrono::system_clock::now());
  if (!facts.is_object() || !facts.contains("time_ms")) return ours;
  return facts["time_ms"].is_number() ? utc_ms(facts["time_ms"].get<std::int64_t>()) : ours;
}

}  // namespace

json snapshot(store::Database& reader, const Runtime& runtime) {
  const json facts = runtime.facts ? runtime.facts() : json(nullptr);
  const UtcMs now = now_of(runtime, facts);
  const ReadTransaction transaction(reader);
  json result{{"time", format_utc(now)},
              {"gateway", gateway(reader, runtime, facts)},
              {"sensors", sensors(reader, runtime, facts, now)},
              {"regions", regions(reader, now)},
              {"links", facts.is_object() ? facts.value("links", json::array()) : json::array()},
              {"backlog", backlog(reader)},
              {"hq", hq(reader, runtime, facts)},
              {"quarantine", quarantine(reader, now)},
              {"alerts", alerts(reader, true, kMostAlerts)}};
  result["verdict"] = verdict(result, now);
  return result;
}

std::string dump(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace);
}

}  // namespace lintel::status
