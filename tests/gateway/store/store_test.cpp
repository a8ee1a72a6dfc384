#include "gateway/store/store.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::store;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kHour = 3'600'000;
const UtcMs kStart = utc_ms(1'785'024'000'000 / (24 * kHour) * (24 * kHour));  // a midnight, UTC

Result<std::unique_ptr<Store>> open(const fs::path& dir) {
  return Store::open(dir, {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kStart);
}

Reading window(std::int64_t start_ms, std::int64_t length_ms, std::int64_t in, std::int64_t out = 0) {
  return {kStart + Millis{start_ms}, Millis{length_ms}, in, out, 0, false, false};
}

/// Buckets of both tables, computed independently of the product: from raw rows, in the plainest SQL.
void check_rollups(Database& db) {
  CHECK(db.scalar(
            "select count(*) from (select sensor_id, line, hour_at, count_in, count_out, readings from "
            "hourly_analytics where region = '' except select sensor_id, line, (started_at + "
            "max(duration_ms - 1, 0)) / 3600000 * 3600000, sum(count_in), sum(count_out), count(*) from "
            "people_counting_raw where duration_ms <= 3600000 and flags & 48 = 0 group by 1, 2, 3)") == 0);
  CHECK(db.scalar("select coalesce(sum(count_in + unallocated_in + estimated_in), 0) from daily_analytics") ==
        db.scalar("select coalesce(sum(count_in), 0) from people_counting_raw where flags & 32 = 0"));
  CHECK(
      db.scalar("select coalesce(sum(readings), 0) from hourly_analytics where region = ''") ==
      db.scalar("select count(*) from people_counting_raw where duration_ms <= 3600000 and flags & 48 = 0"));
}

}  // namespace

TEST_CASE("store: a repeated window adds nothing, another statement about it corrects it") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  const auto sensor = (*store)->sensors().claim("A1", "", "milesight-vs125", "broker", kStart)->id;
  auto& readings = (*store)->readings();
  CHECK(readings.put(sensor, "1", window(0, 60'000, 3), kStart) == Stored::inserted);
  CHECK(readings.put(sensor, "1", window(0, 60'000, 3), kStart) == Stored::repeated);
  (*store)->commit({1, 10}, "", kStart);
  check_rollups((*store)->db());

  (*store)->begin();
  CHECK(readings.put(sensor, "1", window(0, 60'000, 5), kStart) == Stored::corrected);
  CHECK(readings.put(sensor, "1", window(60'000, 60'000, 1), kStart) == Stored::inserted);
  (*store)->commit({1, 20}, "", kStart);
  check_rollups((*store)->db());
  auto& db = (*store)->db();
  CHECK(db.scalar("select count(*) from people_counting_raw") == 2);
  CHECK(db.scalar("select count_in from people_counting_raw where revision = 2 and flags = 64") == 5);
  CHECK(db.scalar("select count_in from hourly_analytics") == 6);
}

TEST_CASE("store: passages at the same instant are kept apart, and subtracted from the window over them") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  const auto sensor = (*store)->sensors().claim("A1", "", "m", "l", kStart)->id;
  const Reading passage{kStart + Millis{1000}, Millis{0}, 1, 0, 0, true, false};
  for (int i = 0; i < 5; ++i)
    CHECK((*store)->readings().put(sensor, "", passage, kStart) == Stored::inserted);
  auto over = window(0, 60'000, 7);
  over.minus_events = true;
  (*store)->readings().put(sensor, "", over, kStart);
  (*store)->commit({1, 1}, "", kStart);
  auto& db = (*store)->db();
  CHECK(db.scalar("select count(distinct seq) from people_counting_raw where started_at % 60000 = 1000") ==
        5);
  CHECK(db.scalar("select sum(count_in) from people_counting_raw") == 7);
  check_rollups(db);
}

TEST_CASE("store: a passage that its device names is known again, also after it has been corrected") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  const auto sensor = (*store)->sensors().claim("A1", "", "", "broker", kStart)->id;
  auto& readings = (*store)->readings();
  const auto named = [](std::int64_t mark) {
    Reading passage{kStart, Millis{0}, 1, 0, 0, true, false};
    passage.once = true;
    passage.mark = mark;
    return passage;
  };
  CHECK(readings.put(sensor, "", named(7), kStart) == Stored::inserted);
  CHECK(readings.put(sensor, "", named(8), kStart) == Stored::inserted);  // somebody else, beside
  CHECK(readings.put(sensor, "", named(7), kStart) == Stored::repeated);
  REQUIRE(readings.find(sensor, "", named(8)));
  CHECK(readings.find(sensor, "", named(8))->same);
  CHECK_FALSE(readings.find(sensor, "", named(9)));

  Correction swap;
  swap.action = Correction::Action::swap;
  swap.sensor = sensor;
  swap.from = kStart;
  swap.to = kStart + Millis{1};
  (*store)->corrections().add(swap);
  while ((*store)->corrections().advance()) continue;
  CHECK((*store)->db().scalar("select sum(count_out) from people_counting_raw") == 2);
  CHECK(readings.put(sensor, "", named(7), kStart) == Stored::repeated);
  (*store)->commit({1, 10}, "", kStart);
  check_rollups((*store)->db());
}

TEST_CASE("store: a reading belongs to the hour of its last instant, a longer one to the day's unallocated") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  const auto sensor = (*store)->sensors().claim("A1", "", "m", "l", kStart)->id;
  (*store)->readings().put(sensor, "", window(kHour - 60'000, 60'000, 1), kStart);  // ends at 01:00 sharp
  (*store)->readings().put(sensor, "", window(kHour - 30'000, 60'000, 2), kStart);  // ends at 01:00:30
  (*store)->readings().put(sensor, "", window(2 * kHour, 5 * kHour, 40), kStart);
  (*store)->commit({1, 1}, "", kStart);
  auto& db = (*store)->db();
  CHECK(db.scalar("select count_in from hourly_analytics order by hour_at limit 1") == 1);
  CHECK(db.scalar("select count_in from hourly_analytics order by hour_at desc limit 1") == 2);
  CHECK(db.scalar("select unallocated_in from daily_analytics") == 40);
  (*store)->begin();
  (*store)->readings().put(sensor, "", window(2 * kHour, 5 * kHour, 41), kStart);
  (*store)->commit({1, 2}, "", kStart);
  CHECK(db.scalar("select unallocated_in from daily_analytics") == 41);
  CHECK(db.scalar("select count_in from daily_analytics") == 3);
  check_rollups(db);
}

TEST_CASE("store: a rollback forgets rows, numbers and sums alike") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  const auto sensor = (*store)->sensors().claim("A1", "", "m", "l", kStart)->id;
  (*store)->readings().put(sensor, "", window(0, 60'000, 1), kStart);
  (*store)->commit({1, 1}, "packets", kStart);
  const auto change = (*store)->last_change();

  (*store)->begin();
  (*store)->sensors().claim("B2", "", "m", "l", kStart);
  (*store)->readings().put(sensor, "", window(60'000, 60'000, 1), kStart);
  (*store)->rollback();
  CHECK((*store)->last_change() == change);
  CHECK((*store)->sensors().all().size() == 1);

  (*store)->begin();
  (*store)->readings().put(sensor, "", window(60'000, 60'000, 2), kStart);
  (*store)->commit({1, 3}, "packets", kStart);
  CHECK((*store)->db().scalar("select sum(count_in) from hourly_analytics") == 3);
  CHECK((*store)->recent_packets() == "packets");
  check_rollups((*store)->db());
}

TEST_CASE("store: what was committed is there after a restart, numbers go on") {
  test::TempDir dir;
  std::int64_t change = 0;
  std::string id;
  {
    auto store = open(dir.path());
    REQUIRE(store);
    (*store)->begin();
    const auto sensor = (*store)->sensors().claim("A1", "", "m", "l", kStart)->id;
    (*store)->readings().put(sensor, "", window(0, 60'000, 1), kStart);
    (*store)->commit({7, 99}, "", kStart);
    change = (*store)->last_change();
    id = (*store)->store_id();
  }
  auto store = open(dir.path());
  REQUIRE(store);
  CHECK((*store)->last_change() == change);
  CHECK((*store)->position().segment == 7);
  CHECK((*store)->position().offset == 99);
  CHECK((*store)->store_id() == id);
}

TEST_CASE("store: a database of a newer version is used if that left us what we know, else left alone") {
  test::TempDir dir;
  REQUIRE(open(dir.path()));
  const auto comes_from = [&dir](int version, int oldest_that_works) {
    auto db = Database::open(database_path(dir.path()), OpenMode::writer);
    REQUIRE(db);
    db->execute("create table if not exists of_a_later_version (id integer primary key)");
    db->execute("pragma user_version = " + std::to_string(version) +
                "; pragma application_id = " + std::to_string(oldest_that_works));
  };
  comes_from(schema_version() + 1, schema_version());
  {
    auto store = open(dir.path());
    REQUIRE(store);
    (*store)->begin();
    (void)(*store)->sensors().claim("A1", "", "m", "l", kStart);
    (*store)->commit({1, 10}, "", kStart);
    CHECK((*store)->db().scalar("pragma user_version") == schema_version() + 1);
  }
  comes_from(schema_version() + 1, schema_version() + 1);
  const auto refused = open(dir.path());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::misconfigured);
  CHECK(refused.error().message.find("install the version that wrote it") != std::string::npos);
}

TEST_CASE("store: a second writer is refused, a corrupt file is set aside and collection goes on") {
  test::TempDir dir;
  {
    auto first = open(dir.path());
    REQUIRE(first);
    auto second = open(dir.path());
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == ErrorKind::misconfigured);
  }
  std::ofstream(database_path(dir.path()), std::ios::trunc) << std::string(8192, 'x');
  auto store = open(dir.path());
  REQUIRE(store);
  CHECK((*store)->notice().find(".corrupt-") != std::string::npos);
  bool aside = false;
  for (const auto& entry : fs::directory_iterator(dir.path())) {
    aside |= entry.path().string().find(".corrupt-") != std::string::npos;
  }
  CHECK(aside);
}

TEST_CASE("quarantine: a babbling link is bounded, counted, and starves nobody") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  auto& quarantine = (*store)->quarantine();
  bridge::Frame noise;
  noise.link = "door";
  noise.payload = "garbage";
  (*store)->begin();
  for (int i = 0; i < 5000; ++i) quarantine.keep(noise, {"d", "integrity", "no JSON"}, kStart);
  bridge::Frame other = noise;
  other.link = "broker";
  quarantine.keep(other, {"d", "integrity", "no JSON"}, kStart);
  noise.arrived = std::chrono::hours{1};
  quarantine.keep(noise, {"d", "integrity", "no JSON"}, kStart);
  (*store)->commit({1, 1}, "", kStart);
  auto& db = (*store)->db();
  CHECK(quarantine.refused() == 5002);
  CHECK(db.scalar("select count(*) from quarantine where link = 'broker'") == 1);
  CHECK(db.scalar("select count(*) from quarantine where link = 'door'") == 51);
  CHECK(db.scalar("select count(*) from quarantine where reason like '%4950 frames%'") == 1);
}

TEST_CASE("store: devices that nobody knows are bounded, who is listed comes in all the same") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  auto& sensors = (*store)->sensors();
  for (std::size_t i = 0; i < Sensors::kMostUnnamed; ++i)
    REQUIRE(sensors.claim("forged-" + std::to_string(i), "", "m", "broker", kStart) != nullptr);
  CHECK(sensors.claim("one more", "", "m", "broker", kStart) == nullptr);
  CHECK(sensors.claim("listed", "Main door", "m", "broker", kStart, true) != nullptr);
  CHECK(sensors.find("listed") != nullptr);
}

TEST_CASE("store: a window that reaches into no other is corrected, also when later ones have come") {
  test::TempDir dir;
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  auto& readings = (*store)->readings();
  readings.put(1, "1", window(0, kHour / 2, 5), kStart);
  readings.put(1, "1", window(kHour / 2, kHour / 2, 7), kStart);
  auto again = window(0, kHour / 2, 6);
  again.minus_overlap = true;
  CHECK(readings.put(1, "1", again, kStart) == Stored::corrected);
  // One that others reach into keeps what it was worth when it came.
  auto across = window(kHour / 4, kHour / 2, 10);
  across.minus_overlap = true;
  CHECK(readings.put(1, "1", across, kStart) == Stored::inserted);
  CHECK(readings.put(1, "1", across, kStart) == Stored::repeated);
  (*store)->commit({}, "", kStart);
  check_rollups((*store)->db());
}

TEST_CASE("store: what root makes in the gateway's folder is the gateway's") {
  constexpr uid_t kGateway = 65'534;
  test::TempDir dir;
  if (::chown(dir.path().c_str(), kGateway, kGateway) != 0) {
    MESSAGE("SKIPPED: only root can make files for somebody else");
    return;
  }
  auto store = open(dir.path());
  REQUIRE(store);
  (*store)->begin();
  (void)(*store)->sensors().claim("A1", "", "milesight-vs125", "broker", kStart);
  (*store)->commit({1, 10}, "", kStart);
  for (const auto& entry : fs::directory_iterator(dir.path())) {
    struct stat about {};
    REQUIRE(::stat(entry.path().c_str(), &about) == 0);
    CHECK_MESSAGE(about.st_uid == kGateway, entry.path().string());
  }
  CHECK(fs::exists(database_path(dir.path())));
  CHECK(fs::exists(dir.path() / "lintel.db-wal"));
}
