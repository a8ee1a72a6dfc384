#include "gateway/health/watch.hpp"

#include <doctest/doctest.h>

#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::health;
using namespace std::chrono_literals;

namespace {

constexpr BootId kBoot{1, 2, 3};
const UtcMs kWall = utc_ms(1'785'024'000'000);
constexpr std::int64_t kDay = 86'400'000;

/// A store with two MQTT sensors heard at minute 100 of the boot.
struct Bench {
  test::TempDir dir;
  std::unique_ptr<store::Store> store;
  Watch watch{{30min, 0min}, {{"A1", 60s}, {"B2", 60s}}};

  Bench() {
    store = std::move(
        *store::Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kWall));
    store->begin();
    for (const char* serial : {"A1", "B2"}) hear(serial, 100min);
    store->sensors().flush(kBoot, 100min, true);
    store->commit({1, 1}, "", kWall);
  }
  void hear(const char* serial, BootTime at) {
    auto& sensors = store->sensors();
    sensors.heard(*sensors.claim(serial, "", "milesight-vs125", "broker", kWall), kWall, at);
  }
  void refuse(const std::string& topic, BootTime at) {
    bridge::Frame frame;
    frame.link = "broker";
    frame.topic = topic;
    frame.boot = kBoot;
    frame.arrived = at;
    store->begin();
    store->quarantine().keep(frame, {"milesight-vs125", "integrity", "not JSON"}, kWall);
    store->commit({1, 1}, "", kWall);
  }
  void look(BootTime now, const BootId& boot = kBoot) {
    watch.refresh(store->db(), store->sensors(), {boot, now, kWall, {}});
  }
  std::string status(const char* serial) {
    auto row = store->db().prepare("select status from sensor_metadata where serial = ?");
    row.bind(serial);
    return row.step() ? std::string(row.text(0)) : "?";
  }
  std::int64_t changes() { return sqlite3_total_changes(store->db().handle()); }
};

}  // namespace

TEST_CASE("watch: a status is written when it changes, and only then") {
  Bench bench;
  bench.look(101min);
  CHECK(bench.status("A1") == "online");
  const auto before = bench.changes();
  for (int second = 0; second < 60; ++second) bench.look(101min + std::chrono::seconds{second});
  CHECK(bench.changes() == before);

  bench.hear("A1", 130min);
  bench.look(131min);
  CHECK(bench.status("A1") == "online");
  CHECK(bench.status("B2") == "offline");
  const auto since =
      bench.store->db().scalar("select offline_since from sensor_metadata where serial = 'B2'");
  CHECK(since == count_ms(kWall - 31min));

  bench.hear("B2", 132min);
  bench.look(132min);
  CHECK(bench.status("B2") == "online");
  CHECK(bench.store->db().scalar("select count(*) from sensor_metadata where offline_since is not null") ==
        0);
}

TEST_CASE("watch: after a reboot nobody is accused before the gateway has listened long enough") {
  Bench bench;
  // Another process in another boot: its sensors come from the table.
  bench.store.reset();
  bench.store = std::move(
      *store::Store::open(bench.dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kWall));
  constexpr BootId kNext{9};
  bench.look(2min, kNext);
  CHECK(bench.status("A1") == "unknown");
  bench.look(31min, kNext);
  CHECK(bench.status("A1") == "offline");
}

TEST_CASE("watch: unreadable messages count against the sensor that their topic names") {
  Bench bench;
  for (int i = 0; i < 4; ++i) bench.refuse("counters/B2/telemetry", 100min);
  bench.look(101min);
  CHECK(bench.status("A1") == "online");
  CHECK(bench.status("B2") == "degraded");
  const auto verdicts = bench.watch.verdicts();
  REQUIRE(verdicts.size() == 2);
  CHECK(verdicts.at(2).rejects == 4);
  CHECK(verdicts.at(2).verdict.cause == "4 messages of the last hour could not be read: not JSON");

  bench.hear("B2", 161min);
  bench.look(161min);
  CHECK(bench.status("B2") == "online");
}

TEST_CASE(
    "watch: a unit that does not answer its bus is offline, those that do and those elsewhere are not") {
  Bench bench;
  bench.store->begin();
  auto& sensors = bench.store->sensors();
  for (const char* serial : {"link:bus/slave 90", "link:bus/slave 91"})
    sensors.heard(*sensors.claim(serial, "", "wirenboard-wb-mcm8-modbus", "bus", kWall), kWall, 100min);
  sensors.heard(*sensors.claim("link:yard/slave 91", "", "wirenboard-wb-mcm8-modbus", "yard", kWall), kWall,
                100min);
  bench.store->commit({1, 1}, "", kWall);
  Surroundings surroundings{kBoot, 101min, kWall, {}};
  surroundings.links["bus"] = {true, "", {{"slave 91", "slave 91 does not answer"}}};
  bench.watch.refresh(bench.store->db(), bench.store->sensors(), surroundings);
  CHECK(bench.status("link:bus/slave 90") == "online");
  CHECK(bench.status("link:bus/slave 91") == "offline");
  CHECK(bench.status("link:yard/slave 91") == "online");
}
