#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;
using lintel::sync::State;
using lintel::sync::Trouble;

REGISTER_EXCEPTION_TRANSLATOR(const store::SqliteError& error) {
  return error.message.c_str();
}

namespace {

std::map<ContractHq::Key, ContractHq::Content> readings_at(RealHq& hq) {
  std::map<ContractHq::Key, ContractHq::Content> out;
  const auto number = [](const std::string& text) { return std::stoll(text); };
  for (const auto& row : hq.sql().rows(R"(
      select s.public_id, false, line, (extract(epoch from started_at) * 1000)::bigint, seq, duration_ms,
             count_in, count_out, revision, flags
        from data.people_counting_raw r join data.sensor_metadata s on s.id = r.sensor_id
      union all
      select s.public_id, true, region, (extract(epoch from started_at) * 1000)::bigint, seq, duration_ms,
             occupancy, null, revision, flags
        from data.regional_counting_raw r join data.sensor_metadata s on s.id = r.sensor_id)")) {
    out[{row[0], row[1] == "t", row[2], number(row[3]), number(row[4])}] = {number(row[5]), row[6], row[7],
                                                                            number(row[8]), number(row[9])};
  }
  return out;
}

/// Buckets of the lines that differ from what the raw rows add up to.
std::string wrong_hours(RealHq& hq) {
  return hq.sql().value(R"(
with kept as (select sensor_id, line, hour_at, count_in, count_out, readings::bigint
                from data.hourly_analytics where region = ''),
     counted as (select sensor_id, line, date_trunc('hour', private.last_instant(started_at, duration_ms), 'UTC'),
                        coalesce(sum(count_in), 0)::bigint, coalesce(sum(count_out), 0)::bigint, count(*)
                   from data.people_counting_raw group by 1, 2, 3)
select count(*) from ((table kept except table counted) union all (table counted except table kept)) as d)");
}

std::string wrong_days(RealHq& hq) {
  return hq.sql().value(R"(
with kept as (select sensor_id, line, day, count_in, count_out, readings::bigint
                from data.daily_analytics where region = ''),
     counted as (select sensor_id, line,
                        private.store_day(private.last_instant(started_at, duration_ms), 'Europe/Berlin', 0),
                        coalesce(sum(count_in), 0)::bigint, coalesce(sum(count_out), 0)::bigint, count(*)
                   from data.people_counting_raw group by 1, 2, 3)
select count(*) from ((table kept except table counted) union all (table counted except table kept)) as d)");
}

}  // namespace

TEST_CASE("sync with PostgreSQL: 20,000 readings through cut lines and restarts arrive exactly once") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  for (int i = 3; i <= 20; ++i) store.rows.sensor(fmt::format("S{}", i), fmt::format("Door {}", i));
  store.write_token(hq.token());
  store.options.timing.interval = Millis{10};
  store.begin(hq.url());

  std::minstd_rand random(20'000);
  const auto start = days_ago(3);
  std::size_t given = 0;
  int round = 0;
  while (given < 20'000) {
    const auto count = std::min<std::size_t>(20 + random() % 600, 20'000 - given);
    store.rows.minutes(count, 20, start + static_cast<std::int64_t>(given / 20 + 1) * kMinute * 2,
                       static_cast<unsigned>(random()));
    given += count;
    if (random() % 3 == 0) store.rows.region({.sensor = 2, .started_at = start + round, .in = round});
    mishap(hq, random);
    store.sync->notify();
    const auto wanted = store.sync->status().requests + random() % 4;
    REQUIRE(eventually([&] { return store.sync->status().requests > wanted; }));
    if (++round % 12 == 5) hq.restart_api();
    if (round == 20) hq.cluster.restart();
    if (round % 15 == 7) {
      store.sync->stop();
      store.writer.drop_queued();
      store.begin(hq.url());
    }
  }
  REQUIRE(store.drained(std::chrono::seconds{60}));
  CHECK(store.set_aside() == 0);
  const auto local = local_readings(store.rows.db());
  CHECK(local.size() >= 20'000);
  CHECK(readings_at(hq) == local);
  CHECK(wrong_hours(hq) == "0");
  CHECK(wrong_days(hq) == "0");
}

TEST_CASE("sync with PostgreSQL: revisions and moves end up as they are here, roll-ups too") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  const auto start = days_ago(2);
  store.rows.minutes(2000, 2, start);
  store.rows.line({.line = "bare", .started_at = start});
  store.rows.line({.line = "bare", .started_at = start + 7});
  store.rows.line({.line = "bare", .started_at = start + 7, .seq = 1, .out = 3});
  store.begin(hq.url());
  REQUIRE(store.drained());
  std::minstd_rand random(1);
  for (std::int64_t number = 10; number < 1500; number += 1 + static_cast<std::int64_t>(random() % 40)) {
    if (random() % 4 == 0) {
      store.rows.move(number, days_ago(1) + number * 1000);
    } else {
      store.rows.revise(number, static_cast<std::int64_t>(random() % 100));
    }
    if (random() % 3 == 0) mishap(hq, random);
    store.sync->notify();
  }
  REQUIRE(store.drained());
  CHECK(store.set_aside() == 0);
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
  CHECK(wrong_hours(hq) == "0");
  CHECK(wrong_days(hq) == "0");
}

TEST_CASE("sync with PostgreSQL: what HQ rejects is set aside here, and only that") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  const auto start = days_ago(2);
  store.rows.minutes(100, 2, start);
  const auto future = store.rows.line({.started_at = days_ago(-3), .in = 1});
  const auto huge = store.rows.line({.started_at = start - 1, .in = 99'999'999'999});
  const auto negative = store.rows.region({.started_at = start, .in = -4});
  const auto endless =
      store.rows.line({.started_at = start - 2, .duration = 500LL * 24 * 3'600'000, .in = 1});
  store.rows.minutes(100, 2, start + 3'600'000LL * 12);
  store.begin(hq.url());
  REQUIRE(store.drained());
  std::map<std::int64_t, std::string> aside;
  auto rows = store.rows.db().prepare("select change_no, code from set_aside");
  while (rows.step()) aside[rows.integer(0)] = rows.text(1);
  CHECK(aside == std::map<std::int64_t, std::string>{
                     {future, "future"}, {huge, "bad_value"}, {negative, "negative"}, {endless, "too_long"}});
  CHECK(readings_at(hq).size() == 200);
}

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

TEST_CASE("sync with PostgreSQL: an expired, foreign or revoked credential is said, and a good one used") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  auto expired = hq.token("1 second");
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  store.write_token(expired.substr(0, expired.size() - 4) + "AAAA");
  store.rows.minutes(10, 2, days_ago(1));
  store.begin(hq.url());
  REQUIRE(store.troubled_by(Trouble::credential));
  store.write_token(hq.token());
  REQUIRE(store.drained());

  hq.sql().rows("update data.gateways set lifecycle = 'archived'");
  store.rows.minutes(10, 2, days_ago(1) + 86'400'000 / 2);
  store.sync->notify();
  REQUIRE(store.troubled_by(Trouble::permission));
  CHECK(store.sync->status().error.find("revoked") != std::string::npos);
  hq.sql().rows("update data.gateways set lifecycle = 'active'");
  REQUIRE(store.drained());
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
}

TEST_CASE("sync with PostgreSQL: HQ's own mistakes set nothing aside") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  REQUIRE(eventually([&] { return store.sync->status().state == State::current; }));
  auto sql = hq.sql();
  std::int64_t start = days_ago(2);
  const auto through = [&](const std::string& harm, Trouble trouble, const std::string& repair) {
    CAPTURE(harm);
    sql.rows(harm);
    store.rows.minutes(50, 2, start += 3'600'000);
    store.sync->notify();
    CHECK(store.troubled_by(trouble));
    sql.rows(repair);
    REQUIRE(store.drained());
    CHECK(store.set_aside() == 0);
  };
  through("revoke execute on function api.gateway_sync_v1(jsonb) from lintel_gateway", Trouble::permission,
          "grant execute on function api.gateway_sync_v1(jsonb) to lintel_gateway");
  through(
      "alter function api.gateway_sync_v1(jsonb) rename to gateway_sync_gone; notify pgrst, 'reload schema'",
      Trouble::schema_older,
      "alter function api.gateway_sync_gone(jsonb) rename to gateway_sync_v1; notify pgrst, 'reload schema'");
  through("alter table data.hourly_analytics rename to hourly_gone", Trouble::hq_error,
          "alter table data.hourly_gone rename to hourly_analytics");
  through(
      "alter function api.gateway_sync_v1(jsonb) set statement_timeout = '1ms';"
      "alter role authenticator set statement_timeout = '1ms'; alter role lintel_gateway set "
      "statement_timeout "
      "= '1ms'; select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'",
      Trouble::overloaded,
      "alter function api.gateway_sync_v1(jsonb) reset statement_timeout;"
      "alter role authenticator reset statement_timeout; alter role lintel_gateway reset statement_timeout;"
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'");
  CHECK(readings_at(hq) == local_readings(store.rows.db()));
  CHECK(wrong_hours(hq) == "0");
}

TEST_CASE("sync with PostgreSQL: a day that differs is found by its checksums, named, and sent again") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.options.timing.interval = Millis{10};
  const auto start = (days_ago(2) / 86'400'000) * 86'400'000;
  store.rows.minutes(600, 2, start, 7);
  store.rows.region({1, "till", start + 5 * kMinute, 0, 0, 4});
  store.begin(hq.url());
  const auto verified = [&] {
    return eventually(
        [&] { return store.rows.db().scalar("select count(*) from day_checks where state = 'equal'") == 1; });
  };
  REQUIRE(verified());
  const auto whole = readings_at(hq);
  CHECK(whole.size() == 601);

  // Lost, altered and invented at HQ, behind everybody's back.
  (void)hq.sql().value(
      "delete from data.people_counting_raw where started_at = (select min(started_at) + interval '4 "
      "minutes' "
      "from data.people_counting_raw)");
  (void)hq.sql().value(
      "update data.people_counting_raw set count_in = coalesce(count_in, 0) + 1 where started_at = "
      "(select max(started_at) from data.people_counting_raw)");
  (void)hq.sql().value("delete from data.regional_counting_raw");
  REQUIRE(readings_at(hq).size() < 601);
  store.rows.db().execute("update day_checks set state = 'owed', next_at = 0");
  REQUIRE(verified());
  const auto repaired = readings_at(hq);
  REQUIRE(repaired.size() == whole.size());
  for (const auto& [key, content] : whole) {
    const auto found = repaired.find(key);
    REQUIRE(found != repaired.end());
    CHECK(std::tie(found->second.duration, found->second.in, found->second.out) ==
          std::tie(content.duration, content.in, content.out));
  }
  CHECK(wrong_hours(hq) == "0");
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
