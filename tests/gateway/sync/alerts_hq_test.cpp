// Alerts of a gateway at HQ: the same ones, once, whatever happens on the way.
#include "gateway/store/identity.hpp"
#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::test;

namespace {

struct Given {
  std::string key;
  std::string kind = "counts_disagree";
  std::string severity = "warning";
  std::optional<std::int64_t> sensor = 1;
};

void open_alert(StoreUnderTest& store, const Given& given, std::int64_t at) {
  store.rows.db()
      .prepare(
          "insert into alerts (organization_id, store_id, gateway_id, sensor_id, public_id, kind, dedup_key, "
          "severity, message, opened_at, created_at, updated_at) "
          "values (1, 1, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(given.sensor, store::random_uuid(), given.kind, given.key, given.severity,
            "something about " + given.key, at, at, at)
      .run();
}

void resolve_alert(StoreUnderTest& store, const std::string& key, std::int64_t at) {
  store.rows.db()
      .prepare("update alerts set state = 'resolved', resolved_at = ?, updated_at = ? where dedup_key = ?")
      .bind(at, at, key)
      .run();
}

using Rows = std::vector<std::string>;

/// Of each alert its key, severity, whether it has ended, and when it opened.
Rows alerts_at(RealHq& hq) {
  Rows out;
  for (const auto& row : hq.sql().rows(R"(
      select split_part(dedup_key, ':', 3), severity, ended_at is not null, (extract(epoch from opened_at) * 1000)::bigint,
             message
        from data.alerts order by 1, 4)")) {
    out.push_back(
        fmt::format("{} {} {} {} {}", row[0], row[1], row[2] == "t" ? "ended" : "open", row[3], row[4]));
  }
  return out;
}

Rows alerts_here(StoreUnderTest& store) {
  Rows out;
  auto rows = store.rows.db().prepare(
      "select dedup_key, severity, state, opened_at, message from alerts_for_hq order by 1, 4");
  while (rows.step()) {
    out.push_back(fmt::format("{} {} {} {} {}", rows.text(0), rows.text(1),
                              rows.text(2) == "resolved" ? "ended" : "open", rows.integer(3), rows.text(4)));
  }
  return out;
}

bool told(StoreUnderTest& store) {
  return eventually(
      [&] {
        store.sync->notify();
        return store.rows.db().scalar("select count(*) from owed_alerts") == 0;
      },
      std::chrono::seconds(30));
}

}  // namespace

TEST_CASE("sync with PostgreSQL: alerts open and end at HQ as they do here, through cut lines and restarts") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.options.timing.interval = Millis{10};
  store.begin(hq.url());
  std::minstd_rand random(11);
  const auto start = days_ago(1);
  for (int i = 0; i < 80; ++i) {
    const auto key = fmt::format("key{}", random() % 12);
    const auto at = start + i * kMinute;
    if (store.rows.db().scalar(fmt::format(
            "select count(*) from alerts where dedup_key = '{}' and state <> 'resolved'", key)) == 0) {
      open_alert(store,
                 {key, "counts_disagree", "warning", random() % 2 == 0 ? std::optional{1L} : std::nullopt},
                 at);
    } else if (random() % 3 == 0) {
      store.rows.db()
          .prepare("update alerts set severity = 'critical' where dedup_key = ? and state <> 'resolved'")
          .bind(key)
          .run();
    } else {
      store.rows.db()
          .prepare(
              "update alerts set state = 'resolved', resolved_at = ? where dedup_key = ? and state <> "
              "'resolved'")
          .bind(at, key)
          .run();
    }
    if (random() % 2 == 0) mishap(hq, random);
    if (random() % 4 == 0) store.rows.minutes(3, 1, start + i * 10 * kMinute);
    store.sync->notify();
    if (random() % 3 == 0) REQUIRE(told(store));
    if (i % 30 == 20) {
      store.sync->stop();
      store.writer.drop_queued();
      store.begin(hq.url());
    }
  }
  REQUIRE(told(store));
  REQUIRE(store.drained());
  CHECK(store.sync->status().alerts_refused.empty());
  CHECK(hq.sql().value("select count(*) from data.alerts") == std::to_string(alerts_here(store).size()));
  CHECK(alerts_at(hq) == alerts_here(store));
}

TEST_CASE("sync with PostgreSQL: an alert is at HQ at once, without waiting for readings or the interval") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  store.sync->notify();
  REQUIRE(eventually([&] { return store.sync->status().last_success.has_value(); }));
  open_alert(store, {"late"}, days_ago(0));
  REQUIRE(told(store));
  CHECK(alerts_at(hq) == alerts_here(store));
}

TEST_CASE(
    "sync with PostgreSQL: HQ's own kinds are not told, and what it refuses is shown and holds up nothing") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  open_alert(store, {"capacity:1", "capacity"}, days_ago(0));
  open_alert(store, {std::string(300, 'k')}, days_ago(0));
  open_alert(store, {"fine"}, days_ago(0));
  store.rows.minutes(3, 1, days_ago(1));
  REQUIRE(told(store));
  REQUIRE(store.drained());
  CHECK(hq.sql().value("select string_agg(kind, ',') from data.alerts") == "counts_disagree");
  CHECK(eventually([&] { return !store.sync->status().alerts_refused.empty(); }));
  CHECK(store.sync->status().alerts_refused.find("key must be a text of 1 to 200") != std::string::npos);
  CHECK(store.rows.db().scalar("select alerts_refused like '%1 to 200%' from sync_state") == 1);
}

TEST_CASE("sync with PostgreSQL: an HQ with a new history is told the open alerts anew") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  open_alert(store, {"open"}, days_ago(1));
  open_alert(store, {"over"}, days_ago(1));
  resolve_alert(store, "over", days_ago(0));
  REQUIRE(told(store));
  (void)hq.sql().rows("delete from data.alerts");
  (void)hq.sql().value("select private.new_history()");
  REQUIRE(eventually(
      [&] {
        store.sync->wake();
        return !alerts_at(hq).empty();
      },
      std::chrono::seconds(30)));
  REQUIRE(told(store));
  CHECK(alerts_at(hq).at(0).starts_with("open warning open"));
}
