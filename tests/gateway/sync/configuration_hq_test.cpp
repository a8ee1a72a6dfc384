// What comes down to the gateway, and what of its state goes up.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;

TEST_CASE("sync with PostgreSQL: configuration, liveness and health pass") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.rows.db().execute(fmt::format(
      "update sensor_metadata set status = 'online', last_data_received = {} where id = 1", days_ago(0)));
  store.begin(hq.url());
  auto& db = store.rows.db();
  REQUIRE(eventually([&] { return db.scalar("select config_version from sync_state") > 0; }));
  CHECK(db.scalar("select count(*) from stores where name = 'Store 1' and timezone = 'Europe/Berlin'") == 1);
  CHECK(db.scalar(
            "select count(*) from stores where json_extract(calendar, '$[0].timezone') = 'Europe/Berlin'") ==
        1);
  CHECK(db.scalar("select count(*) from sensor_metadata where hq_id is not null") == 2);
  auto sql = hq.sql();
  CHECK(sql.value("select status from data.sensor_metadata where serial = 'A'") == "online");
  CHECK(sql.value("select status from data.gateways") == "online");
  CHECK(sql.value("select (health ->> 'disk_free')::numeric > 0 from data.gateways") == "t");

  sql.rows("update data.sensor_metadata set name = 'North', lifecycle = 'active' where serial = 'A'");
  REQUIRE(eventually([&] {
    return db.scalar("select count(*) from sensor_metadata where name = 'North' and lifecycle = 'active'") ==
           1;
  }));
}

TEST_CASE("sync with PostgreSQL: what the tree says of opening hours and updates comes down, and goes") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  const auto tree_says = [&](const char* settings) {
    (void)hq.sql().value(
        fmt::format("update data.organizations set settings = '{}' where parent_id is null", settings));
  };
  const auto here = [&](const char* wanted) {
    return eventually([&] {
      store.sync->wake();
      auto row = store.rows.db().prepare("select settings from stores where id = 1");
      return row.step() && row.text(0) == wanted;
    });
  };
  REQUIRE(here("{}"));
  tree_says(
      R"({"opening_hours": {"monday": []}, "updates": {"version": "2.1", "bundle": "https://u.example/2.1", "share": 5}})");
  CHECK(here(
      R"({"opening_hours":{"monday":[]},"updates":{"bundle":"https://u.example/2.1","share":5,"version":"2.1"}})"));
  tree_says(R"({"updates": {"version": "2.2", "bundle": "https://u.example/2.2", "share": 100}})");
  CHECK(here(R"({"updates":{"bundle":"https://u.example/2.2","share":100,"version":"2.2"}})"));
  tree_says("{}");
  CHECK(here("{}"));
}

TEST_CASE(
    "sync with PostgreSQL: regions come down and go, and a counted one above its capacity alerts at HQ") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  const auto now = days_ago(0);
  store.rows.line({.sensor = 1, .started_at = now - kMinute, .duration = kMinute, .in = 5, .out = 0});
  store.begin(hq.url());
  REQUIRE(store.drained());
  const auto name_here = [&] {
    auto row = store.rows.db().prepare("select name || ' ' || capacity from region_configurations");
    return row.step() ? std::string(row.text(0)) : std::string();
  };
  const auto soon = [&](const std::string& wanted) {
    return eventually([&] {
      store.sync->wake();
      return name_here() == wanted;
    });
  };
  (void)hq.sql().value(
      "insert into data.region_configurations (organization_id, store_id, sensor_id, region, name, capacity, "
      "settings) select organization_id, store_id, id, 'shop', 'Shop', 4, "
      "'{\"counted_from\": [{\"sensor\": \"A\", \"line\": \"1\"}]}' from data.sensor_metadata where serial = "
      "'A'");
  REQUIRE(soon("Shop 4"));
  (void)hq.sql().value("update data.region_configurations set name = 'Sales floor', capacity = 3");
  REQUIRE(soon("Sales floor 3"));

  // What the gateway's occupancy writes: a regional reading and its period.
  store.rows.db().execute(
      fmt::format("insert into occupancy_periods (sensor_id, region, from_at, to_at, day, below_zero) "
                  "values (1, 'shop', {0} - 60000, {0} + 86400000, {0} / 86400000, 2)",
                  now));
  store.rows.region({.sensor = 1, .line = "shop", .started_at = now, .in = 5});
  store.sync->notify();
  REQUIRE(store.drained());
  const auto alerts = [&] {
    return hq.sql().value(
        "select string_agg(region || ' ' || state, ',') from data.alerts where kind = 'capacity'");
  };
  CHECK(eventually([&] {
    (void)hq.sql().value("update data.gateways set last_seen_at = last_seen_at - interval '2 minutes'");
    store.sync->wake();
    return alerts() == "shop open";
  }));

  (void)hq.sql().value("update data.region_configurations set deleted_at = now()");
  CHECK(soon(""));
}
