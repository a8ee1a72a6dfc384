// What the gateway had no room to keep: HQ hears of it, and the rest goes on.
#include "gateway/store/retention.hpp"
#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;

namespace {

store::Calendar utc_calendar() {
  return {[](UtcMs t) { return count_ms(t) / 86'400'000; },
          [](std::int64_t day) { return utc_ms(day * 86'400'000); }};
}

/// Removes readings as if there were no room at all, with nothing of the coverage to take back.
void squeeze(StoreUnderTest& store) {
  auto& db = store.rows.db();
  store::Rollups rollups(db, utc_calendar());
  store::Retention retention(db, store.rows.path(), rollups, {std::chrono::days{35}, 1},
                             [](const store::CoverageSeries&, UtcMs, UtcMs) {});
  const store::Retention::Steady at = store::Retention::Steady{} + std::chrono::minutes{2};
  while (retention.due(utc_ms(days_ago(0)), at)) {
    db.execute("begin immediate");
    retention.step(utc_ms(days_ago(0)));
    db.execute("commit");
  }
}

std::string given_up_at(RealHq& hq) {
  return hq.sql().value(
      "select coalesce(sum(readings), 0) || ' ' || coalesce(sum(count_in), 0) || ' ' || "
      "coalesce(sum(count_out), 0) "
      "from private.given_up");
}

std::string given_up_here(StoreUnderTest& store) {
  auto row = store.rows.db().prepare(
      "select coalesce(sum(readings), 0) || ' ' || coalesce(sum(count_in), 0) || ' ' || "
      "coalesce(sum(count_out), 0) "
      "from given_up");
  REQUIRE(row.step());
  return std::string(row.text(0));
}

}  // namespace

TEST_CASE("sync with PostgreSQL: readings that had to go are named at HQ, and the rest arrives") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.rows.minutes(4000, 2, days_ago(4));
  squeeze(store);
  REQUIRE(store.rows.db().scalar("select count(*) from people_counting_raw") == 1000);
  store.begin(hq.url());
  store.sync->notify();
  REQUIRE(store.drained());
  REQUIRE(eventually([&] {
    store.sync->notify();
    return store.rows.db().scalar(
               "select given_up_told = (select max(revision) from given_up) from sync_state") == 1;
  }));
  CHECK(given_up_here(store).starts_with("3000 "));
  CHECK(given_up_at(hq) == given_up_here(store));
  CHECK(hq.sql().value("select count(*) from data.people_counting_raw") == "1000");
  CHECK(eventually([&] {
    return hq.sql().value("select severity from data.alerts where kind = 'given_up'") == "critical";
  }));

  store.rows.minutes(2000, 2, days_ago(1));
  squeeze(store);
  REQUIRE(store.drained());
  REQUIRE(eventually([&] {
    store.sync->notify();
    return given_up_at(hq) == given_up_here(store);
  }));
}

TEST_CASE(
    "sync with PostgreSQL: an HQ from a backup older than what is kept is told so, and gets what there is") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.rows.minutes(3000, 2, days_ago(4));
  store.begin(hq.url());
  store.sync->notify();
  REQUIRE(store.drained());
  squeeze(store);  // HQ has it all: nothing is given up
  CHECK(given_up_here(store) == "0 0 0");
  (void)hq.sql().rows("delete from data.people_counting_raw");
  (void)hq.sql().rows("delete from private.epochs");
  (void)hq.sql().value("select private.new_history()");
  REQUIRE(eventually([&] {
    store.sync->wake();
    return hq.sql().value("select count(*) from data.people_counting_raw") == "1000";
  }));
  CHECK(eventually([&] {
    store.sync->notify();
    return hq.sql().value("select count(*) from data.alerts where kind = 'not_resendable'") == "1";
  }));
}
