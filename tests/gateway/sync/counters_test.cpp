#include "gateway/sync/counters.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/counting/counter.hpp"
#include "gateway/sync/batch.hpp"
#include "gateway/sync/confirmation.hpp"
#include "gateway/sync/response.hpp"
#include "tests/support/fill_store.hpp"

using namespace lintel;
using namespace lintel::sync;
using lintel::test::FilledStore;
using nlohmann::json;

namespace {

constexpr std::int64_t kNoon = 1785499200000;
constexpr std::chrono::hours kHour{1};

/// A state as counting leaves it after its first total and one more.
counting::SeriesState counted(std::int64_t in, std::int64_t minute = 1) {
  counting::SeriesState state;
  for (const auto& [at, total] :
       {std::pair{0, 100}, std::pair{static_cast<int>(minute), static_cast<int>(in)}}) {
    const auto when = utc_ms(kNoon + at * 60'000);
    counting::Statement statement{bridge::Kind::total, when, when, total, 7};
    (void)counting::count(state, statement);
  }
  return state;
}

void keep(FilledStore& store, std::int64_t sensor, const counting::SeriesState& state,
          const char* line = "1") {
  store.db()
      .prepare("insert or replace into counter_state (sensor_id, line, state) values (?, ?, ?)")
      .bind(sensor, line, counting::to_json(state))
      .run();
}

/// A conversation: what was told is remembered.
struct Talk {
  explicit Talk(FilledStore& store) : reader(store.reader()), builder(reader) {}
  json counters(std::size_t changes = 500) {
    BatchOrder order;
    order.version = "1";
    order.now = utc_ms(kNoon);
    order.changes = changes;
    order.counters_every = kHour;
    batch = builder.build(order);
    const auto body = json::parse(batch.body);
    return body.value("counters", json());
  }
  void confirm() { builder.counters().told(batch.counters, std::chrono::steady_clock::now()); }

  store::Database reader;
  BatchBuilder builder;
  Batch batch;
};

}  // namespace

TEST_CASE("counters: a request that holds everything states where totals stand, in few bytes") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  keep(store, 1, counted(130));
  Talk talk(store);
  CHECK(talk.counters() ==
        json::parse(R"([{"sensor":12,"line":"1","at":1785499260000,"in":[130,0,30],"out":[7],
                                           "gap":60000,"alone":true}])"));
  CHECK(width_of(talk.batch.counters.at(0)) > json(talk.counters().at(0)).dump().size());
}

TEST_CASE("counters: they wait while changes are left, for they hold those as well") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  keep(store, 1, counted(130));
  for (int i = 0; i < 3; ++i) store.line({.started_at = kNoon + i, .in = 1});
  Talk talk(store);
  CHECK(talk.counters(2).is_null());
  CHECK(talk.counters(0).is_null());
  CHECK(talk.counters(3).size() == 1);
}

TEST_CASE("counters: what HQ can reckon from the readings is told once, a jump at once") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  keep(store, 1, counted(130));
  Talk talk(store);
  REQUIRE(talk.counters().size() == 1);
  CHECK(talk.counters().size() == 1);  // nobody has confirmed it
  talk.confirm();
  CHECK(talk.counters().is_null());
  auto state = counted(130);
  const auto later = utc_ms(kNoon + 120'000);
  (void)counting::count(state, {bridge::Kind::total, later, later, 140, 7});
  keep(store, 1, state);
  CHECK(talk.counters().is_null());
  const auto reset = utc_ms(kNoon + 180'000);
  (void)counting::count(state, {bridge::Kind::total, reset, reset, 2, 1});
  keep(store, 1, state);
  CHECK(talk.counters().at(0)["in"][0] == 2);
  talk.confirm();
  store.db().execute("update sensor_metadata set metadata = '{\"in_force\": {\"invert\": true}}'");
  CHECK(talk.counters().at(0)["inverted"] == true);
  talk.builder.counters().forget();
  CHECK(talk.counters().size() == 1);
}

TEST_CASE("counters: an hour later a total that has moved is told again, one that has not is not") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  keep(store, 1, counted(130));
  auto reader = store.reader();
  CounterReader counters(reader);
  const auto now = std::chrono::steady_clock::now();
  counters.told(counters.owed(now, kHour), now);
  CHECK(counters.owed(now + 2 * kHour, kHour).empty());
  keep(store, 1, counted(131));
  CHECK(counters.owed(now + kHour / 2, kHour).empty());
  CHECK(counters.owed(now + kHour, kHour).size() == 1);
}

TEST_CASE("counters: nothing is told that another card could not go on from") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  store.sensor("D2", "Side door");  // HQ does not know it yet
  Talk talk(store);
  keep(store, 2, counted(130));
  keep(store, 1, {});
  CHECK(talk.counters().is_null());
  auto moving = counted(130);
  moving.unconfirmed = 1;  // on a clock that may turn out wrong
  keep(store, 1, moving);
  CHECK(talk.counters().is_null());
  auto hostile = counted(130);
  hostile.counter_run = std::string("a\0b", 3);  // PostgreSQL would refuse the readings beside it
  keep(store, 1, hostile);
  CHECK(talk.counters().is_null());
  hostile.counter_run = std::string(300, 'x');
  keep(store, 1, hostile);
  CHECK(talk.counters().is_null());
  auto own = counted(130);
  own.carried = true;  // they are HQ's
  keep(store, 1, own);
  CHECK(talk.counters().is_null());
}

TEST_CASE(
    "counters: a series that began by itself is told when HQ has answered, and the gap before is booked") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  keep(store, 1, counted(130));
  store.db().execute(
      "insert into first_totals (sensor_id, line, serial, at, flags, statement) "
      "values (1, '1', 'D1', 1, 0, '{}')");
  Talk talk(store);
  CHECK(talk.counters().is_null());
  store.db().execute("update sync_state set counters_owed = 0");
  CHECK(talk.counters().size() == 1);
}

TEST_CASE("counters: HQ's totals are stored until a series takes them up, and asked for once") {
  FilledStore store;
  store.sensor("D1", "Door", 12);
  CHECK(store.db().scalar("select counters_owed from sync_state") == 1);
  const auto parsed = parse_answer(
      R"({"v":1,"watermark":0,"history":"h","time":1785499300000,"counters":{"carried":[
        {"sensor":"u","serial":"D1","line":"1","state":{"at":1785499260000,"in":[130,2,30],"gap":60000,"run":"r","alone":true},
         "after":{"n":2,"in":5,"out":0,"flags":2,"end":1785499999999}},
        {"sensor":"u","serial":"D1","line":"2","state":{"at":1785499260000,"in":[-1]},"after":null}]}})");
  REQUIRE(parsed.answer);
  REQUIRE(parsed.answer->counters);
  CHECK(parsed.answer->counters->first.find("cannot be understood") != std::string::npos);
  REQUIRE(parsed.answer->counters->carried->size() == 1);
  const auto carried = parsed.answer->counters->carried->front();
  CHECK(carried.in == store::CarriedCounter::Channel{130, 2, 30});
  CHECK_FALSE(carried.out.total);
  CHECK(carried.after.end == utc_ms(1785499300000));  // not from ahead
  CHECK(carried.after.flags == 2);

  Confirmation confirmation;
  confirmation.epoch = "5b0c0000-0000-4000-8000-000000000001";
  confirmation.history = "h";
  confirmation.carried = parsed.answer->counters->carried;
  store.db().execute("begin immediate");
  (void)apply(store.db(), confirmation, utc_ms(kNoon));
  (void)apply(store.db(), confirmation, utc_ms(kNoon));
  store.db().execute("commit");
  store::CarriedCounters kept(store.db());
  REQUIRE(kept.all().size() == 1);
  CHECK(kept.all().front() == carried);
  CHECK(store.db().scalar("select counters_owed from sync_state") == 0);

  // A sensor that HQ has just come to know, perhaps from another gateway, is asked for.
  confirmation.carried.reset();
  confirmation.sensors = {{FilledStore::public_id(1), 12}};
  (void)apply(store.db(), confirmation, utc_ms(kNoon));
  CHECK(store.db().scalar("select counters_owed from sync_state") == 0);
  confirmation.sensors = {{FilledStore::public_id(1), 13}};
  (void)apply(store.db(), confirmation, utc_ms(kNoon));
  CHECK(store.db().scalar("select counters_owed from sync_state") == 1);
}

TEST_CASE("counters: an answer whose totals are no list is not the contract's") {
  const auto parsed =
      parse_answer(R"({"v":1,"watermark":0,"history":"h","time":1,"counters":{"carried":"all"}})");
  CHECK_FALSE(parsed.answer);
  CHECK(parsed.why_not.find("counters.carried") != std::string::npos);
}
