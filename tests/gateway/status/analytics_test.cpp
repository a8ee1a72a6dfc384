#include "gateway/status/analytics.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "gateway/status/facts.hpp"
#include "gateway/status/page.hpp"
#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;
using test::StoreBench;

namespace {

constexpr clock::StoreDay kDay = 20'665;  // 2026-07-31
const UtcMs kBegin = StoreBench::day_begin();

/// A store with a main door and a back door, at 12:30 of its second day.
struct Bench {
  StoreBench store;
  std::int64_t main_door = store.count("A1", "Main door", "", kBegin + 9h, 30, 10);
  std::int64_t back_door = store.count("B2", "Back door", "", kBegin + 9h, 4, 2);
  UtcMs now = kBegin + 12h + 30min;
  Page page{store.reader(), runtime()};
  Routes routes = page.routes();

  Bench() { sql("update sensor_metadata set created_at = " + std::to_string(count_ms(kBegin + 8h))); }

  void sql(const std::string& text) { store.store().db().execute(text); }
  Runtime runtime() {
    Runtime result;
    result.state_dir = store.dir();
    result.facts = [this] {
      Facts facts;
      facts.time = now;
      return to_json(facts);
    };
    return result;
  }
  json hours(clock::StoreDay from, clock::StoreDay to, std::optional<std::int64_t> sensor = {}) {
    auto reader = store.reader();
    return analytics(reader, {AnalyticsQuery::By::hour, from, to, sensor}, now);
  }
  json days(clock::StoreDay from, clock::StoreDay to, std::optional<std::int64_t> sensor = {}) {
    auto reader = store.reader();
    return analytics(reader, {AnalyticsQuery::By::day, from, to, sensor}, now);
  }
  Response get(const std::string& query, const char* path = "/api/analytics") {
    return routes.handlers.at(path)({path, parse_query(query)});
  }
};

json states(const json& buckets) {
  auto all = json::array();
  for (const auto& bucket : buckets) all.push_back(bucket["state"]);
  return all;
}

constexpr const char* kOpenFromTen =
    R"sql(update stores set settings = '{"opening_hours": {"friday": [["10:00", "20:00"]]}}')sql";

}  // namespace

TEST_CASE("analytics: an hour is counted, counted in part, missing or closed, and zero is none of these") {
  Bench bench;
  bench.store.cover(bench.main_door, "", kBegin + 8h, kBegin + 10h + 30min);
  bench.store.cover(bench.main_door, "", kBegin + 12h, kBegin + 12h + 29min);
  const auto hours = bench.hours(kDay, kDay, bench.main_door);
  CHECK(states(hours) == json{"counted", "counted", "partly", "missing", "counted"});
  CHECK(hours[0]["at"] == "2026-07-31T08:00:00Z");
  CHECK(hours[0]["day"] == "2026-07-31");
  CHECK(hours[0]["in"] == 0);  // nobody came
  CHECK(hours[1]["in"] == 30);
  CHECK(hours[1]["out"] == 10);
  CHECK(hours[2]["covered"] == 0.5);
  CHECK(hours[3]["in"].is_null());  // nobody counted
  CHECK(hours[3]["out"].is_null());
  CHECK(hours[4]["in"] == 0);
}

TEST_CASE("analytics: what is closed is not missing, unless somebody came") {
  Bench bench;
  bench.sql(kOpenFromTen);
  bench.store.cover(bench.main_door, "", kBegin + 10h, kBegin + 12h + 29min);
  CHECK(states(bench.hours(kDay, kDay, bench.main_door)) ==
        json{"closed", "partly", "counted", "counted", "counted"});
  const auto day = bench.days(kDay, kDay, bench.main_door);
  CHECK(day[0]["state"] == "counted");  // all of the time in which it was open
  CHECK(day[0]["covered"] == 1.0);
  CHECK(bench.days(kDay + 1, kDay + 1).empty());  // has not begun

  bench.now = kBegin + 5 * 24h + 12h;
  const auto week = bench.days(kDay, kDay + 5);
  REQUIRE(week.size() == 6);
  CHECK(week[1]["state"] == "closed");
  CHECK(week[1]["in"].is_null());
}

TEST_CASE("analytics: the store is all its sensors, and as much counted as they are together") {
  Bench bench;
  bench.store.cover(bench.main_door, "", kBegin + 8h, kBegin + 12h + 29min);
  bench.store.cover(bench.back_door, "", kBegin + 8h, kBegin + 10h);
  const auto hours = bench.hours(kDay, kDay);
  CHECK(states(hours) == json{"counted", "counted", "partly", "partly", "partly"});
  CHECK(hours[1]["in"] == 34);
  CHECK(hours[2]["in"] == 0);
  CHECK(hours[2]["covered"] == 0.5);
  const auto day = bench.days(kDay, kDay);
  CHECK(day[0]["in"] == 34);
  CHECK(day[0]["covered"] == doctest::Approx(0.722).epsilon(0.001));

  // One that has been silent for more than a week is not expected any more.
  bench.now = kBegin + 10 * 24h;
  bench.store.cover(bench.main_door, "", kBegin + 12h + 30min, kBegin + 10 * 24h);
  const auto days = bench.days(kDay, kDay + 9);
  CHECK(days[6]["state"] == "partly");
  CHECK(days[8]["state"] == "counted");
}

TEST_CASE("analytics: what belongs to no hour is part of its day, and said apart") {
  Bench bench;
  bench.store.cover(bench.main_door, "", kBegin + 8h, kBegin + 12h + 29min);
  bench.store.count("A1", "Main door", "", kBegin + 9h + 30min, 7, 5, 2h);
  const auto day = bench.days(kDay, kDay, bench.main_door);
  CHECK(day[0]["in"] == 37);
  CHECK(day[0]["unallocated"] == json{{"in", 7}, {"out", 5}});
  CHECK_FALSE(bench.days(kDay, kDay, bench.back_door)[0].contains("unallocated"));
  CHECK(bench.hours(kDay, kDay, bench.main_door)[1]["in"] == 30);
}

TEST_CASE("analytics: days are the store's own, of 23, 24 or 25 hours") {
  Bench bench;
  bench.sql("update sensor_metadata set created_at = 0");
  bench.sql(R"sql(update stores set timezone = 'Europe/Berlin',
                  calendar = '[{"from": null, "timezone": "Europe/Berlin", "day_start_minute": 0}]')sql");
  bench.now = kBegin + 365 * 24h;
  const auto autumn = *clock::parse_day("2026-10-25"), spring = *clock::parse_day("2027-03-28");
  CHECK(bench.hours(autumn, autumn, bench.main_door).size() == 25);
  CHECK(bench.hours(autumn, autumn, bench.main_door)[0]["at"] == "2026-10-24T22:00:00Z");
  CHECK(bench.hours(spring, spring, bench.main_door).size() == 23);
  CHECK(bench.days(spring, spring, bench.main_door)[0]["at"] == "2027-03-27T23:00:00Z");
  CHECK(bench.hours(autumn - 1, autumn + 1, bench.main_door).size() == 24 + 25 + 24);

  // A day that begins between two hours: each hour belongs to the day in which it begins.
  bench.sql(R"sql(update stores set calendar =
                  '[{"from": null, "timezone": "Asia/Kolkata", "day_start_minute": 0}]')sql");
  const auto hours = bench.hours(kDay, kDay + 1, bench.main_door);
  CHECK(hours.size() == 48);
  CHECK(hours[0]["at"] == "2026-07-30T19:00:00Z");
  CHECK(hours[23]["day"] == "2026-07-31");
  CHECK(hours[24]["day"] == "2026-08-01");
}

TEST_CASE("analytics: of days whose coverage is not kept any more, what was counted still stands") {
  Bench bench;
  bench.sql("update writer_state set removed_before = " + std::to_string(count_ms(kBegin + 24h)));
  const auto hours = bench.hours(kDay, kDay, bench.main_door);
  CHECK(states(hours) == json{"missing", "counted", "missing", "missing", "missing"});
  CHECK(hours[1]["in"] == 30);
  CHECK(hours[1]["covered"].is_null());
  CHECK(bench.days(kDay, kDay, bench.main_door)[0]["state"] == "counted");
}

TEST_CASE("analytics: there is nothing before the first sensor was known") {
  Bench bench;
  CHECK(bench.days(kDay - 30, kDay).size() == 1);
  CHECK(bench.hours(kDay - 3, kDay - 1).empty());
}

TEST_CASE("analytics: the answer says what it is about, and an odd question what is odd") {
  Bench bench;
  bench.store.cover(bench.main_door, "", kBegin + 8h, kBegin + 12h);
  const auto all = json::parse(*bench.get("by=hour").body);
  CHECK(all["by"] == "hour");
  CHECK(all["from"] == "2026-07-31");
  CHECK(all["to"] == "2026-07-31");
  CHECK(all["timezone"] == "UTC");
  CHECK(all["time"] == "2026-07-31T12:30:00Z");
  CHECK(all["buckets"].size() == 5);
  CHECK_FALSE(all.contains("sensor"));
  CHECK(json::parse(*bench.get("by=day&sensor=1&from=2026-07-01&to=2026-07-31").body)["sensor"] == 1);
  CHECK(bench.get("by=hour&from=2026-07-01&to=2026-07-31").status == 200);
  CHECK(bench.get("by=day&from=2025-06-27&to=2026-07-31").status == 200);

  for (const char* wrong : {"", "by=week", "by=day&from=31.07.2026", "by=day&to=2026-02-30",
                            "by=day&from=2026-08-01&to=2026-07-31", "by=hour&from=2026-06-30&to=2026-07-31",
                            "by=day&from=2025-06-26&to=2026-07-31", "by=day&sensor=x", "by=day&limit=5"}) {
    CAPTURE(wrong);
    const auto answer = bench.get(wrong);
    CHECK(answer.status == 400);
    CHECK_FALSE(json::parse(*answer.body)["error"].get<std::string>().empty());
  }
  CHECK(bench.get("by=day&sensor=4711").status == 404);
}

TEST_CASE("analytics: the stream tells of the hour and the day that it is, and only when they change") {
  Bench bench;
  bench.store.cover(bench.main_door, "", kBegin + 8h, kBegin + 12h + 29min);
  const auto& stream = bench.routes.streams.at("/api/analytics/stream");
  const auto first = stream.state();
  REQUIRE(first);
  const auto told = json::parse(*first);
  CHECK(told["hour"]["at"] == "2026-07-31T12:00:00Z");
  CHECK(told["hour"]["in"] == 0);
  CHECK(told["day"]["in"] == 34);
  CHECK(stream.state() == first);
  CHECK(stream.beat() == R"({"time":"2026-07-31T12:30:00Z"})");
}
