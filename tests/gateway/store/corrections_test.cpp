#include "gateway/store/corrections.hpp"

#include <doctest/doctest.h>

#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::store;
using Action = Correction::Action;

namespace {

constexpr std::int64_t kMinute = 60'000, kDay = 86'400'000;
const UtcMs kStart = utc_ms(1'785'024'000'000 / kDay * kDay);

/// A store with a line that counted `minutes` windows of 2 in and 1 out, one a minute.
struct Shop {
  explicit Shop(int minutes) {
    open();
    store->begin();
    sensor = store->sensors().claim("S1", "Door", "test", "broker", kStart)->id;
    for (int i = 0; i < minutes; ++i) {
      store->readings().put(sensor, "1", {kStart + Millis{i * kMinute}, Millis{kMinute}, 2, 1}, kStart);
    }
    commit();
  }
  void open() {
    store.reset();
    store =
        std::move(*Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kStart));
  }
  void commit() { store->commit({}, "", kStart); }
  void say(Action action, int from, int to) {
    Correction said;
    said.at = kStart;
    said.actor = "ivo";
    said.sensor = sensor;
    said.from = kStart + Millis{from * kMinute};
    said.to = kStart + Millis{to * kMinute};
    said.action = action;
    said.reason = "test";
    store->begin();
    store->corrections().add(said);
    commit();
  }
  bool slice() {
    store->begin();
    const bool some = store->corrections().advance();
    commit();
    return some;
  }
  void finish() {
    while (slice()) continue;
  }
  std::int64_t scalar(const std::string& sql) { return store->db().scalar(sql); }

  test::TempDir dir;
  std::unique_ptr<Store> store;
  std::int64_t sensor = 0;
};

}  // namespace

TEST_CASE("corrections: swapped readings get a new revision, owed to HQ, and the roll-ups follow") {
  Shop shop(120);
  const auto before = shop.store->last_change();
  shop.say(Action::swap, 30, 90);
  shop.finish();
  CHECK(shop.scalar("select sum(count_in) from people_counting_raw") == 60 * 2 + 60);
  CHECK(shop.scalar("select sum(count_out) from people_counting_raw") == 60 + 60 * 2);
  CHECK(shop.scalar("select count(*) from people_counting_raw where revision = 2 and flags & 64 <> 0") == 60);
  CHECK(shop.scalar("select count(*) from people_counting_raw where change_no > " + std::to_string(before)) ==
        60);
  CHECK(shop.scalar("select sum(count_in) from hourly_analytics") == 180);
  CHECK(shop.scalar("select count_out from daily_analytics") == 180);
}

TEST_CASE("corrections: discarded readings count nobody, and can be restored") {
  Shop shop(60);
  shop.say(Action::discard, 0, 60);
  shop.finish();
  CHECK(shop.scalar("select coalesce(sum(count_in), 0) from daily_analytics") == 0);
  CHECK(shop.scalar("select sum(count_in) from people_counting_raw") == 120);
  shop.say(Action::restore, 0, 30);
  shop.finish();
  CHECK(shop.scalar("select count_in from daily_analytics") == 60);
  shop.say(Action::discard, 0, 60);  // half of them are discarded already
  shop.finish();
  CHECK(shop.scalar("select max(revision) from people_counting_raw") == 4);
  CHECK(shop.scalar("select min(revision) from people_counting_raw") == 2);
}

TEST_CASE(
    "corrections: a long one is carried out in slices, and a rollback or a new start takes it up again") {
  Shop shop(3 * Corrections::kSlice);
  shop.say(Action::swap, 0, 3 * Corrections::kSlice);
  CHECK(shop.slice());
  CHECK(shop.scalar("select count(*) from people_counting_raw where revision = 2") == Corrections::kSlice);
  shop.store->begin();
  CHECK(shop.store->corrections().advance());
  shop.store->rollback();
  CHECK(shop.scalar("select count(*) from people_counting_raw where revision = 2") == Corrections::kSlice);
  shop.open();
  CHECK(shop.store->corrections().unfinished());
  shop.finish();
  CHECK(shop.scalar("select count(*) from people_counting_raw where revision = 2 and count_in = 1") ==
        3 * Corrections::kSlice);
  CHECK(shop.scalar("select changed from corrections") == 3 * Corrections::kSlice);
}

TEST_CASE("corrections: readings that begin in one instant are corrected together, however many they are") {
  Shop shop(0);
  shop.store->begin();
  for (int i = 0; i < Corrections::kSlice + 100; ++i) {
    shop.store->readings().put(shop.sensor, "1", {kStart, Millis{0}, 1, 0, 0, true}, kStart);
  }
  shop.commit();
  shop.say(Action::swap, 0, 10);
  shop.finish();
  CHECK(shop.scalar("select sum(count_out) from people_counting_raw") == Corrections::kSlice + 100);
  CHECK(shop.scalar("select sum(count_in) from people_counting_raw") == 0);
}

TEST_CASE("corrections: what comes late for a corrected time is corrected as well, once") {
  Shop shop(10);
  shop.say(Action::swap, 0, 100);
  Reading early{kStart + Millis{50 * kMinute}, Millis{kMinute}, 7, 0};
  shop.store->corrections().apply(shop.sensor, "1", early);
  CHECK_MESSAGE(early.count_in == 7, "the slices are still to come");
  shop.finish();
  Reading late{kStart + Millis{50 * kMinute}, Millis{kMinute}, 7, 0};
  shop.store->corrections().apply(shop.sensor, "1", late);
  CHECK(late.count_in == 0);
  CHECK(late.count_out == 7);
  Reading other = late;
  shop.store->corrections().apply(shop.sensor + 1, "1", other);
  CHECK(other.count_out == 7);
}
