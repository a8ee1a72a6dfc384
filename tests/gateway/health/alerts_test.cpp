#include "gateway/health/alerts.hpp"

#include <doctest/doctest.h>

#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::health;
using namespace std::chrono_literals;

namespace {

const UtcMs kWall = utc_ms(1'785'024'000'000);
constexpr KindRule kKinds[] = {{"disk_full", 0min, 0min, 0min, true}};

struct Bench {
  test::TempDir dir;
  std::unique_ptr<store::Store> store = std::move(
      *store::Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kWall));
  Alerts alerts{kKinds};

  void look(const Judgement& judgement, Millis at = 0ms) {
    alerts.look(store->db(), judgement, {at, kWall + at, false});
  }
  std::int64_t count(const std::string& where) {
    return store->db().scalar("select count(*) from alerts where " + where);
  }
};

Judgement full() {
  return {{{"disk_full", "state", Severity::critical, "The disk is full."}}, {}};
}

}  // namespace

TEST_CASE("alerts: a judge brings kinds of its own, and HQ is owed what it does not judge itself") {
  Bench bench;
  bench.look(full());
  CHECK(bench.count("kind = 'disk_full' and dedup_key = 'disk_full:state' and state = 'open'") == 1);
  CHECK(bench.store->db().scalar("select count(*) from owed_alerts") == 1);
}

TEST_CASE("alerts: a judge leaves alone what others have opened, also under the same key") {
  Bench bench;
  bench.look(full());
  Alerts others{sensor_kinds()};
  others.look(bench.store->db(), {}, {0s, kWall, true});
  others.look(bench.store->db(), {}, {24h, kWall + 24h, true});
  CHECK(bench.count("state = 'open'") == 1);
  bench.look({{{"sensor_offline", "A", Severity::warning, "not of this judge"}}, {}}, 1min);
  CHECK(bench.count("kind = 'sensor_offline'") == 0);
}

TEST_CASE("alerts: what a rollback has undone is opened again") {
  Bench bench;
  bench.store->begin();
  bench.look(full());
  bench.store->rollback();
  CHECK(bench.count("true") == 0);
  bench.alerts.forget();
  bench.look(full(), 1s);
  CHECK(bench.count("state = 'open'") == 1);
}

TEST_CASE("alerts: nothing is written while nothing changes") {
  Bench bench;
  bench.look(full());
  const auto before = sqlite3_total_changes(bench.store->db().handle());
  for (int second = 1; second < 100; ++second) bench.look(full(), std::chrono::seconds{second});
  CHECK(sqlite3_total_changes(bench.store->db().handle()) == before);
}

TEST_CASE("alerts: what ended long ago leaves once HQ has it") {
  Bench bench;
  bench.look(full());
  bench.look({}, 1min);
  bench.look({}, 2min);
  REQUIRE(bench.count("state = 'resolved'") == 1);
  forget_old_alerts(bench.store->db(), kWall + std::chrono::days{401});
  CHECK(bench.count("true") == 1);
  bench.store->db().execute("delete from owed_alerts");
  forget_old_alerts(bench.store->db(), kWall + std::chrono::days{399});
  CHECK(bench.count("true") == 1);
  forget_old_alerts(bench.store->db(), kWall + std::chrono::days{401});
  CHECK(bench.count("true") == 0);
}
