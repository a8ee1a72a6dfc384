#include "gateway/store/retention.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::store;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kADay = 144;
constexpr std::int64_t kDeclared = 1;  ///< changes before the first reading: the sensor itself
const UtcMs kStart = utc_ms(1'785'024'000'000 / kDay * kDay);  // a midnight, UTC

/// A store with a door that was counted every ten minutes, and its retention under a clock of the test's own.
class Kept {
 public:
  explicit Kept(RetentionLimits limits) : store_(make(dir_)) {
    store_->begin();
    sensor = store_->sensors().claim("A1", "", "m", "l", kStart)->id;
    store_->commit({}, "", kStart);
    retention_.emplace(store_->db(), database_path(dir_.path()), store_->rollups(), limits,
                       [this](const CoverageSeries& series, UtcMs from, UtcMs to) {
                         taken_back.push_back({from, to});
                         CoverageRows(db()).take_back(series, from, to);
                       });
  }

  /// A day's readings: 144, of 3 people in and 1 out each, received as they end.
  void count_days(std::int64_t first, std::int64_t days) {
    store_->begin();
    for (auto at = kStart + Millis{first * kDay}; at < kStart + Millis{(first + days) * kDay}; at += 10min) {
      (void)store_->readings().put(sensor, "1", {at, 10min, 3, 1, 0, false, false}, at + 10min);
    }
    store_->commit({}, "", kStart);
  }
  /// HQ has the first readings, as many as this.
  void confirm(std::int64_t readings) {
    db().prepare("update sync_state set watermark = ?").bind(kDeclared + readings).run();
  }
  void confirm_all() { confirm(store_->last_change() - kDeclared); }
  /// As long as there is something to remove. Returns how many slices that were.
  int keep(std::optional<UtcMs> now) {
    int slices = 0;
    for (at_ += 2min; retention_->due(now, at_) && slices < 1000; ++slices) {
      store_->begin();
      retention_->step(now.value_or(kStart));
      store_->commit({}, "", kStart);
    }
    return slices;
  }
  void put(const Reading& reading) {
    store_->begin();
    (void)store_->readings().put(sensor, "1", reading, kStart + Millis{200 * kDay});
    store_->commit({}, "", kStart);
  }

  [[nodiscard]] Database& db() { return store_->db(); }
  [[nodiscard]] Retention& retention() { return *retention_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] std::int64_t readings() { return db().scalar("select count(*) from people_counting_raw"); }
  [[nodiscard]] std::int64_t counted() { return db().scalar("select sum(count_in) from daily_analytics"); }

  std::int64_t sensor = 0;
  std::vector<std::pair<UtcMs, UtcMs>> taken_back;

 private:
  static std::unique_ptr<Store> make(const test::TempDir& dir) {
    auto store = Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kStart);
    REQUIRE(store);
    return std::move(*store);
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
  std::optional<Retention> retention_;
  Retention::Steady at_{};
};

}  // namespace

TEST_CASE("retention: confirmed readings leave when they are old, and their sums stay") {
  Kept kept({std::chrono::days{35}});
  kept.count_days(0, 100);
  kept.confirm_all();
  const auto counted = kept.counted();
  CHECK(kept.keep(kStart + Millis{100 * kDay + 1}) > 1);
  CHECK(kept.readings() == 35 * kADay);
  CHECK(kept.db().scalar("select min(started_at) from people_counting_raw") == count_ms(kStart) + 65 * kDay);
  CHECK(kept.counted() == counted);
  CHECK(kept.db().scalar("select removed_to from writer_state") == 65 * kADay + kDeclared);
  CHECK(kept.keep(kStart + Millis{100 * kDay + 1}) == 0);
  CHECK(kept.db().scalar("select count(*) from given_up") == 0);
  CHECK(kept.db().scalar("select count(*) from alerts") == 0);
}

TEST_CASE(
    "retention: what HQ does not have stays however old it is, and nothing is old while nobody knows the "
    "time") {
  Kept kept({std::chrono::days{35}});
  kept.count_days(0, 60);
  CHECK(kept.keep(kStart + Millis{400 * kDay}) == 0);
  kept.confirm(10 * kADay);
  CHECK(kept.keep(std::nullopt) == 0);
  CHECK(kept.keep(kStart + Millis{400 * kDay}) > 0);
  CHECK(kept.readings() == 50 * kADay);
}

TEST_CASE("retention: without room what HQ has goes first, and enough is gone when there is room again") {
  Kept kept({std::chrono::days{35}, 700'000});
  kept.count_days(0, 100);
  kept.confirm(90 * kADay);
  const auto now = kStart + Millis{100 * kDay};
  CHECK(room_of(kept.db(), "x", {std::chrono::days{35}, 700'000}).over());
  CHECK(kept.keep(now) > 0);
  CHECK_FALSE(room_of(kept.db(), "x", {std::chrono::days{35}, 700'000}).over());
  CHECK(kept.db().scalar("select count(*) from given_up") == 0);
  CHECK(kept.db().scalar("select removed_to < 12960 from writer_state") == 1);
}

TEST_CASE("retention: unsent readings are given up last, by name: day, sums, coverage and an alert") {
  Kept kept({std::chrono::days{35}, 1});  // never room
  kept.count_days(0, 20);
  kept.confirm(5 * kADay);
  CoverageRows(kept.db()).replace({kept.sensor, false, "1"}, {},
                                  {{kStart, kStart + Millis{20 * kDay}, CoverageState::counting}});
  const auto counted = kept.counted();
  CHECK(kept.keep(kStart + Millis{20 * kDay}) > 0);
  CHECK(kept.readings() == 1000);
  const auto lost = 15 * kADay - 1000;
  CHECK(kept.db().scalar("select sum(readings) from given_up") == lost);
  CHECK(kept.db().scalar("select sum(count_in) from given_up") == 3 * lost);
  CHECK(kept.db().scalar("select sum(count_out) from given_up") == lost);
  CHECK(kept.db().scalar(fmt::format("select readings from given_up where day = {}",
                                     count_ms(kStart) / kDay + 5)) == kADay);
  CHECK(kept.db().scalar(
            "select count(*) from given_up where day < (select min(day) + 5 from daily_analytics)") == 0);
  CHECK(kept.counted() == counted);

  REQUIRE(kept.taken_back.size() == 1);
  CHECK(kept.taken_back[0].first == kStart + Millis{5 * kDay});
  CHECK(kept.db().scalar("select max(to_at) from coverage where state = 'unknown'") ==
        kept.db().scalar("select min(started_at) from people_counting_raw"));
  auto alert =
      kept.db().prepare("select severity, message from alerts where kind = 'given_up' and state = 'open'");
  REQUIRE(alert.step());
  CHECK(alert.text(0) == "critical");
  CHECK(alert.text(1).find(fmt::format("{} readings of 2026-07-31 to", lost)) != std::string_view::npos);
}

TEST_CASE("retention: the alert ends when there is room again and HQ has caught up") {
  Kept kept({std::chrono::days{35}, 420'000});
  kept.count_days(0, 60);
  CHECK(kept.keep(kStart + Millis{60 * kDay}) > 0);
  REQUIRE(kept.db().scalar("select count(*) from alerts where state = 'open'") == 1);
  kept.count_days(60, 60);
  kept.confirm_all();
  CHECK(kept.keep(kStart + Millis{61 * kDay}) > 0);
  CHECK(kept.db().scalar("select count(*) from alerts where state = 'open'") == 0);
}

TEST_CASE("retention: readings that HQ refused stay until somebody decides") {
  Kept kept({std::chrono::days{35}});
  kept.count_days(0, 50);
  kept.db().execute("insert into set_aside (change_no, code, at) values (7, 'future', 0)");
  kept.confirm_all();
  CHECK(kept.keep(kStart + Millis{100 * kDay}) > 0);
  CHECK(kept.readings() == 1);
  CHECK(kept.db().scalar("select change_no from people_counting_raw") == 7);
}

TEST_CASE("retention: a correction of a day that has left changes no sum by what is missing") {
  Kept kept({std::chrono::days{35}});
  kept.count_days(0, 50);
  kept.db().execute("insert into set_aside (change_no, code, at) values (7, 'future', 0)");
  kept.confirm_all();
  CHECK(kept.keep(kStart + Millis{100 * kDay}) > 0);
  const auto counted = kept.counted();
  kept.put({kStart + 50min, 10min, 4, 1, 0, false, false});
  CHECK(kept.db().scalar("select revision from people_counting_raw") == 2);
  CHECK(kept.counted() == counted);
}

TEST_CASE("retention: a slice that was rolled back is removed the next time") {
  Kept kept({std::chrono::days{35}});
  kept.count_days(0, 50);
  kept.confirm_all();
  const auto now = kStart + Millis{100 * kDay};
  REQUIRE(kept.retention().due(now, Retention::Steady{} + 1h));
  kept.store().begin();
  kept.retention().step(now);
  kept.store().rollback();
  kept.retention().load();
  CHECK(kept.readings() == 50 * kADay);
  CHECK(kept.keep(now) > 0);
  CHECK(kept.readings() == 0);
}

TEST_CASE(
    "retention: a disk that something else has filled costs a tenth of a small database, and not all of it") {
  CHECK(room_for(20'000'000, 0) == 18'000'000);
  CHECK(room_for(20'000'000, 80'000'000) == 90'000'000);
}

TEST_CASE("retention: how long the room lasts without HQ follows from how fast readings came") {
  Kept kept({std::chrono::days{35}});
  kept.count_days(0, 50);
  kept.confirm_all();
  auto room = room_of(kept.db(), "x", {std::chrono::days{35}, 1});
  room.limit = room.used * 3;
  const auto days = days_alone(kept.db(), room);
  REQUIRE(days);
  CHECK(days->count() >= 147);
  CHECK(days->count() <= 151);
  kept.confirm(0);
  CHECK(days_alone(kept.db(), room)->count() >= 97);
  CHECK(days_alone(kept.db(), room)->count() <= 101);
}
