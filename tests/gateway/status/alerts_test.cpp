#include "gateway/status/alerts.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/mounting.hpp"
#include "gateway/status/page.hpp"
#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;
using test::StoreBench;

namespace {

struct Bench {
  StoreBench store;
  std::int64_t sensor = store.count("A1", "Main door", "", StoreBench::day_begin(), 3, 1);
  store::Database reader = store.reader();

  void alert(const char* key, const char* severity, const char* state, int hour, const char* details = "{}") {
    const auto at = count_ms(StoreBench::day_begin() + std::chrono::hours{hour});
    store.store()
        .db()
        .prepare(
            "insert into alerts (organization_id, store_id, sensor_id, public_id, kind, dedup_key, severity, "
            "state, message, details, opened_at, acknowledged_at, resolved_at, created_at, updated_at) "
            "values "
            "(1, 1, ?1, ?2, 'test', ?2, ?3, ?4, 'It is so.', ?5, ?6, iif(?4 = 'acknowledged', ?6, null), "
            "iif(?4 = 'resolved', ?6, null), ?6, ?6)")
        .bind(sensor, key, severity, state, details, at)
        .run();
  }
  json ask(const char* query = "") {
    return json::parse(*alerts_response(reader, {"/api/alerts", parse_query(query)}).body);
  }
  int status(const char* query) {
    return alerts_response(reader, {"/api/alerts", parse_query(query)}).status;
  }
};

json keys(const json& answer) {
  auto all = json::array();
  for (const auto& alert : answer["alerts"]) all.push_back(alert["key"]);
  return all;
}

}  // namespace

TEST_CASE("alerts: those that are open come first by weight, then by age") {
  Bench bench;
  CHECK(bench.ask()["alerts"] == json::array());
  bench.alert("mild", "info", "open", 4);
  bench.alert("late", "warning", "open", 3);
  bench.alert("over", "critical", "resolved", 2);
  bench.alert("bad", "critical", "open", 1);
  bench.alert("seen", "warning", "acknowledged", 2, R"({"acknowledged_by": "Ines"})");
  CHECK(keys(bench.ask()) == json{"bad", "late", "seen", "mild"});
  CHECK(keys(bench.ask("state=all")) == json{"seen", "bad", "over", "late", "mild"});
  CHECK(keys(bench.ask("state=all&limit=1")) == json{"seen"});

  const auto seen = bench.ask()["alerts"][2];
  CHECK(seen["state"] == "acknowledged");
  CHECK(seen["acknowledged_at"] == "2026-07-31T02:00:00Z");
  CHECK(seen["acknowledged_by"] == "Ines");
  CHECK(seen["sensor"] == bench.sensor);
  CHECK(seen["sensor_name"] == "Main door");
  CHECK(seen["resolved_at"].is_null());
  CHECK(bench.ask("state=all")["alerts"][2]["resolved_at"] == "2026-07-31T02:00:00Z");
}

TEST_CASE("alerts: details that nobody can read are no reason to show nothing") {
  Bench bench;
  bench.alert("odd", "warning", "open", 1, "{");
  CHECK(bench.ask()["alerts"][0]["acknowledged_by"].is_null());
}

TEST_CASE("alerts: an odd question is told what is odd") {
  Bench bench;
  for (const char* wrong : {"state=resolved", "limit=0", "limit=501", "limit=x", "sensor=1"}) {
    CAPTURE(wrong);
    CHECK(bench.status(wrong) == 400);
    CHECK_FALSE(bench.ask(wrong)["error"].get<std::string>().empty());
  }
}

TEST_CASE("mounting: every line that was counted or named is there, with its name") {
  Bench bench;
  bench.store.store().db().execute(
      fmt::format("insert into counter_state (sensor_id, line, state) values ({0}, '1', '{{}}'), ({0}, '2', "
                  "'{{}}')",
                  bench.sensor));
  Mounting mounting(bench.reader);
  CHECK(mounting.of(bench.sensor, json::object()) ==
        json{{"inverted", false},
             {"lines", {{{"line", "1"}, {"name", nullptr}}, {{"line", "2"}, {"name", nullptr}}}}});
  const json force{{"invert", true}, {"line_names", {{"2", "Arcade"}, {"3", "Lift"}}}};
  CHECK(mounting.of(bench.sensor, force) == json{{"inverted", true},
                                                 {"lines",
                                                  {{{"line", "1"}, {"name", nullptr}},
                                                   {{"line", "2"}, {"name", "Arcade"}},
                                                   {{"line", "3"}, {"name", "Lift"}}}}});
}
