#include "gateway/status/snapshot.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "gateway/status/facts.hpp"
#include "gateway/status/metrics.hpp"
#include "gateway/status/readings.hpp"
#include "gateway/status/text.hpp"
#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;
using test::StoreBench;

namespace {

const UtcMs kNoon = StoreBench::day_begin() + 12h;

Facts running() {
  Facts facts;
  facts.uptime = 3h;
  facts.time = kNoon + 5min;
  facts.clock_source = "ntp";
  facts.links = {{"broker", "mqtt", true, "", 12}};
  facts.hq.configured = true;
  facts.hq.state = "current";
  return facts;
}

json look(StoreBench& bench, const std::optional<Facts>& facts) {
  Runtime runtime;
  runtime.state_dir = bench.dir();
  runtime.now = [] { return kNoon + 5min; };
  if (facts) runtime.facts = [&] { return to_json(*facts); };
  auto reader = bench.reader();
  return snapshot(reader, runtime);
}

std::string whats(const json& snapshot) {
  std::string text;
  for (const auto& problem : snapshot["verdict"]["problems"])
    text += problem["what"].get<std::string>() + "\n";
  return text;
}

}  // namespace

TEST_CASE("snapshot: a store that runs well says so, with its numbers") {
  StoreBench bench;
  const auto id = bench.count("A1", "Main door", "in", kNoon, 3, 1);
  bench.count("A1", "Main door", "back", kNoon, 2, 2);
  bench.count("A1", "Main door", "in", kNoon + 1min, 4, 0);
  bench.count("A1", "Main door", "in", kNoon - 24h, 100, 100);
  auto facts = running();
  facts.sensors[id] = {{health::Status::online, "", "", {}}, 0, kNoon + 4min};
  const auto all = look(bench, facts);

  CHECK(all["verdict"]["status"] == "ok");
  CHECK(all["verdict"]["text"] == "All is well: the sensor is counting.");
  CHECK(all["gateway"]["store"] == "Corner shop");
  CHECK(all["gateway"]["state"] == "running");
  CHECK(all["time"] == "2026-07-31T12:05:00Z");
  REQUIRE(all["sensors"].size() == 1);
  const auto& sensor = all["sensors"][0];
  CHECK(sensor["status"] == "online");
  CHECK(sensor["last_data"] == "2026-07-31T12:04:00Z");
  CHECK(sensor["today"]["in"] == 9);
  CHECK(sensor["today"]["out"] == 3);
  CHECK(sensor["today"]["lines"].size() == 2);
  CHECK(sensor["last_reading"]["from"] == "2026-07-31T12:01:00Z");
  CHECK(sensor["last_reading"]["in"] == 4);
  // Four readings and the sensor itself are owed to HQ.
  CHECK(all["backlog"]["changes"] == 5);
  CHECK(all["backlog"]["oldest"] == "2026-07-31T12:01:00Z");
}

TEST_CASE("snapshot: a daemon that is down is the problem, and its sensors are not accused") {
  StoreBench bench;
  bench.count("A1", "Main door", "", kNoon, 3, 1);
  const auto all = look(bench, std::nullopt);
  CHECK(all["verdict"]["status"] == "problem");
  CHECK(all["verdict"]["text"] == "The gateway is not running: nobody is being counted.");
  CHECK(all["sensors"][0]["status"] == "unknown");
  CHECK(all["sensors"][0]["cause"] == "the gateway is not running; last known: unknown");
  CHECK(all["sensors"][0]["today"]["in"] == 3);
}

TEST_CASE("snapshot: what is wrong is named once, the worst first") {
  StoreBench bench;
  const auto a = bench.count("A1", "Main door", "", kNoon, 3, 1);
  const auto b = bench.count("B2", "Back door", "", kNoon, 0, 0, 1min, "door-serial");
  for (int i = 0; i < 5; ++i) bench.refuse("not JSON", kNoon);
  bench.store().db().execute("update sync_state set failures = 4, last_success_at = 1785456000000");
  auto facts = running();
  facts.sensors[a] = {{health::Status::offline, "silent for 42 min", "Check its power.", {}}, 0, {}};
  facts.sensors[b] = {{health::Status::degraded, "its link door-serial is down", "Repair it.", {}}, 0, {}};
  facts.links = {{"broker", "mqtt", true, "", 0}, {"door-serial", "serial", false, "no such device", 0}};
  const auto all = look(bench, facts);
  CHECK(all["verdict"]["status"] == "problem");
  CHECK(all["verdict"]["text"] == "4 things need attention.");
  CHECK(whats(all) ==
        "The link door-serial is down: no such device\n"
        "Main door: silent for 42 min\n"
        "No contact with HQ for 12 h\n"
        "5 messages of the last hour could not be read; the newest came over broker: not JSON\n");
  CHECK(all["verdict"]["problems"][1]["sensor"] == a);
  CHECK(all["quarantine"]["count"] == 5);
}

TEST_CASE("snapshot: a gateway that HQ will not have is named at once, with what to do") {
  StoreBench bench;
  bench.count("A1", "Main door", "", kNoon, 3, 1);
  bench.store().db().execute("update sync_state set failures = 1, last_success_at = 1785499140000");
  auto facts = running();
  facts.hq.configured = true;
  facts.hq.error = "HQ does not answer";
  CHECK(whats(look(bench, facts)).empty());  // it was there a minute ago
  facts.hq.trouble = "credential";
  facts.hq.error = "HQ has revoked this gateway";
  facts.hq.advice = "ask HQ";
  facts.hq.card = Facts::Card{true, false, "6f9d", "Main street 1", {}, {}, "", ""};
  const auto all = look(bench, facts);
  CHECK(whats(all) == "HQ takes nothing from this gateway: HQ has revoked this gateway\n");
  CHECK(all["verdict"]["problems"][0]["advice"].get<std::string>().starts_with("ask HQ. Nothing is lost"));
  CHECK(all["hq"]["card"]["store"] == "Main street 1");
  CHECK(all["hq"]["card"]["token_until"].is_null());
}

TEST_CASE("snapshot: a bus on which one unit is missing says so once") {
  StoreBench bench;
  const auto a = bench.count("link:bus/slave 90", "Gate", "", kNoon, 3, 1, 1min, "bus");
  auto facts = running();
  facts.sensors[a] = {{health::Status::online, "", "", {}}, 0, {}};
  facts.links = {{"bus", "modbus", true, "slave 91 does not answer", 9}};
  CHECK(whats(look(bench, facts)) == "The link bus works, but: slave 91 does not answer\n");
  facts.links[0].trouble = "slave 90 does not answer";
  facts.sensors[a] = {{health::Status::offline, "slave 90 does not answer", "Check it.", {}}, 0, {}};
  CHECK(whats(look(bench, facts)) == "Gate: slave 90 does not answer\n");
}

TEST_CASE("snapshot: the latest reading is found also when it is months old or spans a day") {
  StoreBench bench;
  const auto old = bench.count("OLD", "Old", "", kNoon - 24h * 90, 7, 0);
  const auto gap = bench.count("GAP", "Gap", "", kNoon - 30h, 1, 0);
  bench.count("GAP", "Gap", "", kNoon - 29h, 50, 40, 26h);
  for (int i = 0; i < 300; ++i) bench.count("NEW", "New", "", kNoon + i * 1s, 1, 0, 1s);
  auto reader = bench.reader();
  SensorReadings readings(reader);
  CHECK(readings.latest(old)->count_in == 7);
  CHECK(readings.latest(gap)->count_in == 50);
  CHECK_FALSE(readings.latest(999));
}

TEST_CASE("readings: pages of a range hold every reading once, the newest first") {
  StoreBench bench;
  std::int64_t id = 0;
  for (int i = 0; i < 200; ++i) {
    id = bench.count("A1", "", "in", kNoon + i * 7min, i, 0, 7min);
    bench.count("A1", "", "back", kNoon + i * 7min, i, 0, 7min);
  }
  bench.count("A1", "", "long", kNoon + 1h, 1, 1, 3h);
  auto reader = bench.reader();
  SensorReadings readings(reader);
  for (const std::size_t limit : {1u, 3u, 50u, 1000u}) {
    std::vector<std::pair<std::int64_t, std::string>> seen;
    std::optional<UtcMs> to = kNoon + 48h;
    while (to) {
      const auto page = readings.between(id, kNoon, *to, limit);
      CHECK(page.rows.size() <= limit + 2);
      for (const auto& row : page.rows) seen.emplace_back(count_ms(row.started), row.line);
      if (page.next_before) REQUIRE(*page.next_before < *to);
      to = page.next_before;
    }
    CHECK(seen.size() == 401);
    CHECK(std::is_sorted(seen.begin(), seen.end(), [](auto& a, auto& b) { return a.first > b.first; }));
    std::sort(seen.begin(), seen.end());
    CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
  }
  const auto part = readings.between(id, kNoon + 7min, kNoon + 21min, 100);
  CHECK(part.rows.size() == 4);
}

TEST_CASE("readings: nothing is left out where a page ends with an hour") {
  StoreBench bench;
  std::int64_t id = 0;
  for (int hour = 0; hour < 5; ++hour) {
    for (const char* line : {"a", "b"}) id = bench.count("A1", "", line, kNoon + hour * 1h + 30min, 1, 0);
  }
  auto reader = bench.reader();
  SensorReadings readings(reader);
  std::size_t seen = 0;
  std::optional<UtcMs> to = kNoon + 24h;
  while (to) {
    const auto page = readings.between(id, kNoon, *to, 1);
    seen += page.rows.size();
    to = page.next_before;
  }
  CHECK(seen == 10);
}

TEST_CASE("text: fits 80 columns whatever a sensor is called, and plays no tricks on the terminal") {
  StoreBench bench;
  const auto id = bench.count("A1",
                              "Tür \x1b[31m\xc2\x9b"
                              "31m nach hinten \xff hinaus, zweite von links, bitte leise",
                              "", kNoon, 3, 1);
  auto facts = running();
  facts.sensors[id] = {{health::Status::offline,
                        "silent for 42 min, it usually reports every 60 s",
                        "Check that the sensor has power and that its cable or radio link is in place.",
                        {}},
                       0,
                       {}};
  const auto text = to_text(look(bench, facts), false);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\xc2\x9b") == std::string::npos);
  CHECK(text.find("offline") != std::string::npos);
  CHECK(text.find("Check that the sensor has power") != std::string::npos);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = text.find('\n', begin);
    REQUIRE(end != std::string::npos);
    const auto line = text.substr(begin, end - begin);
    const auto width = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
    CAPTURE(line);
    CHECK(width <= 80);
    begin = end + 1;
  }
  CHECK(to_text(look(bench, facts), true).find("\x1b[31;1m") != std::string::npos);
}

TEST_CASE("metrics: names, labels and values in Prometheus' format") {
  StoreBench bench;
  const auto id = bench.count("A\"1", "Main\\door", "", kNoon, 3, 1);
  auto facts = running();
  facts.sensors[id] = {{health::Status::offline, "silent", "Check.", {}}, 0, kNoon};
  const auto text = prometheus(look(bench, facts));
  CHECK(text.find("lintel_up{version=\"0.1.0\"} 1\n") != std::string::npos);
  CHECK(text.find("lintel_backlog_changes 2\n") != std::string::npos);
  CHECK(text.find(R"(lintel_sensor_status{sensor="A\"1",name="Main\\door",status="offline"} 1)") !=
        std::string::npos);
  CHECK(text.find(R"(lintel_sensor_people_today{sensor="A\"1",name="Main\\door",direction="in"} 3)") !=
        std::string::npos);
  CHECK(text.find("lintel_link_up{link=\"broker\",type=\"mqtt\"} 1\n") != std::string::npos);
  CHECK(text.find("lintel_hq_last_contact_timestamp_seconds ") != std::string::npos);
}

TEST_CASE("snapshot: nobody, nobody counting and closed are three different hours") {
  StoreBench bench;
  const auto day = StoreBench::day_begin();
  const auto id = bench.count("A1", "Main door", "", day + 8h, 5, 2);
  bench.cover(id, "", day, day + 10h);
  bench.cover(id, "", day + 11h + 30min, day + 12h);
  bench.count("A1", "Main door", "", day + 11h + 40min, 3, 0);
  Runtime runtime;
  runtime.state_dir = bench.dir();
  runtime.now = [] { return kNoon + 5min; };
  runtime.closed = [&](UtcMs, UtcMs to) { return to <= day + 7h; };
  auto reader = bench.reader();
  const auto today = snapshot(reader, runtime)["sensors"][0]["today"];
  const auto& hours = today["hours"];
  REQUIRE(hours.size() == 13);
  CHECK(hours[6]["state"] == "closed");
  CHECK(hours[6]["in"].is_null());
  CHECK(hours[7] ==
        json{{"at", "2026-07-31T07:00:00Z"}, {"in", 0}, {"out", 0}, {"covered", 1.0}, {"state", "counted"}});
  CHECK(hours[8]["in"] == 5);
  CHECK(hours[8]["state"] == "counted");
  CHECK(hours[10]["state"] == "missing");
  CHECK(hours[10]["in"].is_null());
  CHECK(hours[11]["state"] == "partly");
  CHECK(hours[11]["covered"] == 0.5);
  CHECK(hours[11]["in"] == 3);
  CHECK(hours[12]["state"] == "counted");  // five minutes ago is no silence
  // Of five hours and five minutes it missed an hour and a half.
  CHECK(today["coverage"].get<double>() == doctest::Approx(1 - 90.0 / 305).epsilon(0.001));
  CHECK(today["missing_since"].is_null());
}

TEST_CASE("snapshot: a sensor that stopped counting is missing since then, and the terminal says when") {
  StoreBench bench;
  const auto day = StoreBench::day_begin();
  const auto id = bench.count("A1", "Main door", "", day + 8h, 5, 2);
  bench.cover(id, "", day, day + 10h + 40min);
  const auto all = look(bench, running());
  CHECK(all["sensors"][0]["today"]["missing_since"] == "2026-07-31T10:40:00Z");
  const auto text = to_text(all, false);
  CHECK(text.find("Main door: missing since 10:40") != std::string::npos);
  CHECK(text.find("88 %") != std::string::npos);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    CHECK(end - at <= 82);  // 80 columns, and an ellipsis has three bytes
    at = end + 1;
  }
}

TEST_CASE(
    "snapshot: a sensor of which nothing is known shows no share, and a new one misses nothing before it "
    "came") {
  StoreBench bench;
  const auto day = StoreBench::day_begin();
  bench.count("A1", "Unknown", "", day + 8h, 5, 2);
  const auto late = bench.count("B2", "New", "", kNoon - 1h, 1, 1);
  bench.cover(late, "", kNoon - 1h, kNoon);
  const auto all = look(bench, running());
  const auto& fresh = all["sensors"][0]["name"] == "New" ? all["sensors"][0] : all["sensors"][1];
  const auto& unknown = all["sensors"][0]["name"] == "New" ? all["sensors"][1] : all["sensors"][0];
  CHECK(unknown["today"]["coverage"].is_null());
  CHECK(unknown["today"]["missing_since"].is_null());
  CHECK(unknown["today"]["hours"][0]["state"] == "partly");  // people, but nobody says for which time
  CHECK(fresh["today"]["coverage"] == 1.0);
  CHECK(fresh["today"]["hours"].size() == 2);
}

TEST_CASE("snapshot: open alerts are listed, the critical one first, with who takes care of them") {
  StoreBench bench;
  const auto open = [&](const char* key, const char* severity, const char* state, const char* details) {
    bench.store()
        .db()
        .prepare(
            "insert into alerts (organization_id, store_id, gateway_id, public_id, kind, dedup_key, "
            "severity, "
            "state, message, details, opened_at, acknowledged_at, created_at, updated_at) "
            "values (1, 1, 1, ?1, 'link_down', ?1, ?2, ?3, ?1, ?4, ?5, ?5, 0, 0)")
        .bind(key, severity, state, details, count_ms(kNoon))
        .run();
  };
  open("broker", "warning", "acknowledged", R"({"acknowledged_by":"Ann"})");
  open("bus", "critical", "open", "{}");
  open("door", "warning", "resolved", "{}");
  const auto alerts = look(bench, running())["alerts"];
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0]["message"] == "bus");
  CHECK(alerts[0]["acknowledged_by"].is_null());
  CHECK(alerts[1]["acknowledged_by"] == "Ann");
  CHECK(alerts[1]["opened_at"] == "2026-07-31T12:00:00Z");
}
