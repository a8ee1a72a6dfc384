// Readings: each arrives once, as it is here.
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;

REGISTER_EXCEPTION_TRANSLATOR(const store::SqliteError& error) {
  return error.message.c_str();
}

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
