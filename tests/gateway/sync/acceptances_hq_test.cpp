// Signed walk tests at HQ: the same ones, once, whatever happens on the way.
#include "gateway/store/identity.hpp"
#include "gateway/sync/acceptances.hpp"
#include "tests/gateway/sync/against_hq.hpp"

using namespace lintel;
using namespace lintel::sync;
using namespace lintel::test;

namespace {

void sign(StoreUnderTest& store, const std::string& name, std::int64_t at, const std::string& note = {}) {
  store.rows.db()
      .prepare(
          "insert into walk_tests (id, sensor_id, line, times, step, began_at, pressed_at, heard_at, "
          "in_after, "
          "in_in, in_out, out_in, out_out, verdict, signed_by, signed_at, note, revision) "
          "values (?1, 1, '1', 5, 'signed', ?2, ?2, ?2, 0, 5, 0, 0, 5, 'passed', ?3, ?2, ?4, "
          "(select ifnull(max(revision), 0) + 1 from walk_tests))")
      .bind(store::random_uuid(), at, name, note)
      .run();
}

bool told(StoreUnderTest& store) {
  return eventually(
      [&] {
        store.sync->notify();
        return store.rows.db().scalar(
                   "select (select max(revision) from walk_tests) = acceptances_told from "
                   "sync_state") == 1;
      },
      std::chrono::seconds(30));
}

std::string signers_at(RealHq& hq) {
  return hq.sql().value(
      "select string_agg(signed_by || ' ' || line || ' ' || walked_in || '/' || counted_out || ' ' || "
      "verdict, ', ' order by at) from private.acceptances");
}

OwedAcceptances three() {
  OwedAcceptances owed;
  for (const char* id : {"a", "b", "c"}) owed.items.push_back({id, 1, "", 0, 5, 5, 5, "passed", "Ivo", ""});
  owed.revision = 7;
  return owed;
}

}  // namespace

TEST_CASE("acceptances: HQ has heard of all once each was taken, or refused for good") {
  CHECK(judge_acceptances(three(), {{"a", "b", "c"}, {}}).told == 7);
  const auto refused = judge_acceptances(three(), {{"a", "c"}, {{1, "foreign_sensor"}}});
  CHECK(refused.told == 7);
  CHECK(refused.refused == std::vector<std::pair<std::string, std::string>>{{"b", "foreign_sensor"}});
  const auto silent = judge_acceptances(three(), {{"a", "c"}, {}});
  CHECK(silent.again);
  CHECK(silent.told == 0);
  CHECK(judge_acceptances(three(), {{"a", "b"}, {{2, "too_many"}}}).again);
}

TEST_CASE(
    "sync with PostgreSQL: a signed walk test is at HQ at once, each once, through cut lines and restarts") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.options.timing.interval = Millis{10};
  store.begin(hq.url());
  std::minstd_rand random(12);
  std::string expected;
  for (int i = 0; i < 25; ++i) {
    const auto name = fmt::format("Ivo {}", i);
    sign(store, name, days_ago(1) + i * kMinute, i % 2 == 0 ? "" : "a \"note\" with \\ and ü");
    expected += fmt::format("{}{} 1 5/5 passed", i == 0 ? "" : ", ", name);
    if (random() % 2 == 0) mishap(hq, random);
    if (random() % 4 == 0) store.rows.minutes(3, 1, days_ago(1) + i * 10 * kMinute);
    store.sync->notify();
    if (i % 10 == 6) {
      store.sync->stop();
      store.writer.drop_queued();
      store.begin(hq.url());
    }
  }
  REQUIRE(told(store));
  REQUIRE(store.drained());
  CHECK(signers_at(hq) == expected);
}

TEST_CASE("sync with PostgreSQL: a walk test that HQ refuses is kept with the reason and holds up nothing") {
  if (!ready()) return;
  RealHq hq;
  StoreUnderTest store;
  store.write_token(hq.token());
  store.begin(hq.url());
  sign(store, "Ahead", days_ago(-3));
  sign(store, "Ivo", days_ago(0));
  REQUIRE(told(store));
  CHECK(signers_at(hq) == "Ivo 1 5/5 passed");
  CHECK(store.rows.db().scalar(
            "select count(*) from walk_tests where refused = 'future' and signed_by = 'Ahead'") == 1);
}
