#include "gateway/status/device.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using nlohmann::json;

TEST_CASE("device: one that never said anything of itself is null, and nothing has happened to it") {
  test::StoreBench bench;
  const auto id = bench.count("A1", "Main door", "", test::StoreBench::day_begin(), 3, 1);
  auto reader = bench.reader();
  CHECK(status::DeviceStory(reader).of(id) == json{{"device", nullptr}, {"changes", json::array()}});
}

TEST_CASE("device: what it says of itself and what happened to it, the newest first") {
  test::StoreBench bench;
  const auto id = bench.count("A1", "Main door", "", test::StoreBench::day_begin(), 3, 1);
  const auto at = count_ms(test::StoreBench::day_begin());
  bench.store().db().execute(
      fmt::format("insert into device_states (sensor_id, battery_percent, battery_low, signal_dbm, faults, "
                  "updated_at) values "
                  "({0}, 12, 1, -113, '[\"lens covered\"]', {1});"
                  "insert into sensor_states (sensor_id, at, status, kind, cause) values "
                  "({0}, {1}, 'offline', 'sensor_offline', 'silent'), ({0}, {1} + 60000, 'online', '', '')",
                  id, at));
  auto reader = bench.reader();
  const auto story = status::DeviceStory(reader).of(id);
  CHECK(story["device"]["battery_percent"] == 12);
  CHECK(story["device"]["battery_low"] == true);
  CHECK(story["device"]["battery_mv"].is_null());
  CHECK(story["device"]["signal_dbm"] == -113);
  CHECK(story["device"]["margin_db"].is_null());
  CHECK(story["device"]["tampered"].is_null());
  CHECK(story["device"]["faults"] == json{"lens covered"});
  CHECK(story["device"]["at"] == "2026-07-31T00:00:00Z");
  REQUIRE(story["changes"].size() == 2);
  CHECK(story["changes"][0]["status"] == "online");
  CHECK(story["changes"][1] == json{{"at", "2026-07-31T00:00:00Z"},
                                    {"status", "offline"},
                                    {"kind", "sensor_offline"},
                                    {"cause", "silent"}});
}
