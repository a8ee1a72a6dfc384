// Readings whose time turns out to be another one.
#include <doctest/doctest.h>

#include <random>

#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::store;

namespace {

constexpr std::int64_t kHour = 3'600'000, kDay = 24 * kHour, kWeek = 7 * kDay;
const UtcMs kStart = utc_ms(1'785'024'000'000 / kDay * kDay);
constexpr std::uint32_t kBoth = kUnconfirmed | kStartOnOwn;

struct Shop {
  test::TempDir dir;
  std::unique_ptr<Store> store =
      std::move(*Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kStart));
  std::int64_t sensor = 0;

  Shop() {
    store->begin();
    sensor = store->sensors().claim("A1", "", "m", "l", kStart)->id;
  }
  Stored put(std::int64_t at, std::int64_t length, std::int64_t in, std::uint32_t flags,
             bool separate = false) {
    return store->readings().put(sensor, "1", {kStart + Millis{at}, Millis{length}, in, 0, flags, separate},
                                 kStart + Millis{at + length});
  }
  void commit() { store->commit({1, 1}, "", kStart); }
  int move(std::int64_t to, std::int64_t by, int limit = 1000) {
    store->begin();
    const int moved = store->moves().run({1, to}, Millis{by}, 0, limit);
    commit();
    return moved;
  }
  std::int64_t scalar(const std::string& sql) { return store->db().scalar(sql); }

  /// The roll-ups are what the raw rows add up to, reckoned in plain SQL.
  void check_buckets() {
    CHECK(
        scalar(
            "select count(*) from (select sensor_id, line, hour_at, count_in, readings from hourly_analytics "
            "where region = '' except select sensor_id, line, (started_at + max(duration_ms - 1, 0)) / "
            "3600000 "
            "* 3600000, sum(count_in), count(*) from people_counting_raw where duration_ms <= 3600000 and "
            "flags & 48 = 0 group by 1, 2, 3)") == 0);
    CHECK(
        scalar("select coalesce(sum(count_in), 0) from hourly_analytics") ==
        scalar("select coalesce(sum(count_in), 0) from people_counting_raw where duration_ms <= 3600000 and "
               "flags & 48 = 0"));
    CHECK(scalar("select coalesce(sum(count_in + unallocated_in + estimated_in), 0) from daily_analytics") ==
          scalar("select coalesce(sum(count_in), 0) from people_counting_raw"));
  }
};

}  // namespace

TEST_CASE("moves: what stood on the wrong clock moves, with its buckets; what a device timed itself stays") {
  for (const auto by : {-kWeek, kWeek}) {
    Shop shop;
    shop.put(0, 60'000, 1, kBoth);
    shop.put(60'000, 60'000, 2, kBoth);
    shop.put(120'000, 0, 4, kUnconfirmed, true);  // a passage
    shop.put(3 * kHour, 60'000, 8, 0);            // by the device's clock
    shop.commit();
    const auto to = shop.store->last_change() + 1;
    CHECK(shop.move(to, by) == 3);
    CHECK(shop.move(to, by) == 0);
    const auto moved =
        " from people_counting_raw where started_at < " + std::to_string(count_ms(kStart) + by + kHour) +
        " and started_at >= " + std::to_string(count_ms(kStart) + by) + " and flags = 64 and revision = 2";
    CHECK(shop.scalar("select sum(count_in)" + moved) == 7);
    CHECK(shop.scalar("select count(*) from people_counting_raw where flags & 768 <> 0") == 0);
    CHECK(shop.scalar("select sum(count_in) from people_counting_raw") == 15);
    CHECK(shop.scalar("select count_in from people_counting_raw where revision = 1") == 8);
    CHECK(shop.scalar("select count(*) from moved_readings m join people_counting_raw r using (change_no) "
                      "where r.started_at - m.started_at = " +
                      std::to_string(by)) == 3);
    shop.check_buckets();
  }
}

TEST_CASE("moves: where only the end stood on the wrong clock, the reading gets longer or shorter") {
  Shop shop;
  shop.put(0, kWeek + 60'000, 5, kUnconfirmed);  // the total before it came in a boot that knew the time
  shop.commit();
  CHECK(shop.scalar("select unallocated_in from daily_analytics") == 5);
  CHECK(shop.move(100, -kWeek) == 1);
  CHECK(shop.scalar("select duration_ms from people_counting_raw") == 60'000);
  CHECK(shop.scalar("select count(*) from moved_readings") == 0);  // its key is the same
  CHECK(shop.scalar("select count_in from daily_analytics") == 5);
  shop.check_buckets();
}

TEST_CASE(
    "moves: minutes that move onto each other's places keep their counts, in batches and over a crash") {
  for (const std::int64_t by : {-5 * kHour, 5 * kHour, -kHour / 60, kHour / 60}) {
    CAPTURE(by);
    Shop shop;
    for (int minute = 0; minute < 600; ++minute) shop.put(minute * 60'000, 60'000, 1 + minute % 3, kBoth);
    shop.commit();
    const auto to = shop.store->last_change() + 1;
    CHECK(shop.move(to, by, 200) == 200);
    shop.store->begin();  // a crash in the middle of the second batch
    CHECK(shop.store->moves().run({1, to}, Millis{by}, 0, 200) == 200);
    shop.store->rollback();
    shop.check_buckets();
    CHECK(shop.move(to, by, 200) == 200);
    // Meanwhile life goes on where the old rows were, on a clock that is right.
    shop.store->begin();
    CHECK(shop.put(2000 * 60'000, 60'000, 1, 0) == Stored::inserted);
    shop.commit();
    CHECK(shop.move(to, by, 200) == 200);
    CHECK(shop.move(to, by, 200) == 0);
    CHECK(shop.scalar("select count(*) from people_counting_raw") == 601);
    CHECK(shop.scalar("select min(started_at) from people_counting_raw") == count_ms(kStart) + by);
    CHECK(shop.scalar("select count(*) from people_counting_raw where seq <> 0") == 0);
    CHECK(shop.scalar("select sum(count_in) from people_counting_raw") == 1201);
    shop.check_buckets();
  }
}

TEST_CASE(
    "moves: a place that is taken means another seq, and a place that was left a revision that HQ takes") {
  Shop shop;
  shop.put(0, 60'000, 1, kBoth);
  shop.commit();
  const auto to = shop.store->last_change() + 1;
  shop.store->begin();
  shop.put(kHour, 60'000, 2, 0);  // already there
  shop.commit();
  CHECK(shop.move(to, kHour) == 1);
  CHECK(shop.scalar("select seq from people_counting_raw where count_in = 1") == 1);
  CHECK(shop.scalar("select seq from people_counting_raw where count_in = 2") == 0);

  shop.store->begin();
  CHECK(shop.put(0, 60'000, 4, 0) == Stored::inserted);
  CHECK(shop.put(0, 60'000, 4, 0) == Stored::repeated);
  shop.commit();
  CHECK(shop.scalar("select revision from people_counting_raw where count_in = 4") >=
        shop.scalar("select revision from moved_readings"));
  shop.check_buckets();
}

TEST_CASE("moves: a reading that is corrected after it moved still tells HQ what it left") {
  Shop shop;
  shop.put(0, 60'000, 1, kBoth);
  shop.commit();
  CHECK(shop.move(100, kWeek) == 1);
  shop.store->begin();
  CHECK(shop.put(kWeek, 60'000, 3, 0) == Stored::corrected);
  shop.commit();
  CHECK(shop.scalar("select count(*) from people_counting_raw") == 1);
  CHECK(shop.scalar("select count(*) from moved_readings m join people_counting_raw r using (change_no)") ==
        1);
}

TEST_CASE("moves: people present move as well, and their hours with them") {
  Shop shop;
  auto& readings = shop.store->readings();
  for (const std::string region : {"", "7"}) {
    readings.put(shop.sensor, region, Presence{kStart, 5, kUnconfirmed}, kStart);
    readings.put(shop.sensor, region, Presence{kStart + Millis{60'000}, 9, kUnconfirmed}, kStart);
    readings.put(shop.sensor, region, Presence{kStart + Millis{kHour}, 2, 0}, kStart);
  }
  shop.commit();
  const auto to = shop.store->last_change() + 1;
  CHECK(shop.move(to, -kWeek) == 4);
  const auto at = " from hourly_analytics where hour_at = " + std::to_string(count_ms(kStart) - kWeek);
  CHECK(shop.scalar("select count(*)" + at + " and occupancy_max = 9 and readings = 2") == 2);
  CHECK(shop.scalar("select count(*) from hourly_analytics where occupancy_max = 2") == 2);
  CHECK(shop.scalar("select count(*) from hourly_analytics") == 4);
  CHECK(shop.scalar("select sum(readings) from daily_analytics") == 6);
}

TEST_CASE("bounds: what could lie in another hour is an estimate, what could not is counted as it is") {
  Shop shop;
  auto& readings = shop.store->readings();
  Reading one{kStart + Millis{kHour / 2}, Millis{0}, 1, 0, kBounded, true};
  one.uncertainty = Millis{kHour / 4};
  readings.put(shop.sensor, "1", one, kStart);
  one.count_in = 10;
  one.uncertainty = Millis{kHour};
  readings.put(shop.sensor, "1", one, kStart);
  shop.commit();
  CHECK(shop.scalar("select count_in from hourly_analytics") == 1);
  CHECK(shop.scalar("select count_in from daily_analytics") == 1);
  CHECK(shop.scalar("select estimated_in from daily_analytics") == 10);
  CHECK(shop.scalar("select flags from people_counting_raw where count_in = 10") == (kBounded | kEstimated));
}
