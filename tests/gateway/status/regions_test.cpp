#include "gateway/status/regions.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using namespace lintel::status;
using namespace std::chrono_literals;
using nlohmann::json;
using test::StoreBench;

namespace {

const UtcMs kNoon = StoreBench::day_begin() + 12h;

/// A sensor with a region that holds ten.
class RegionBench {
 public:
  explicit RegionBench(const std::string& settings)
      : sensor_(bench_.count("A1", "Main door", "1", kNoon, 1, 0)) {
    db().prepare(
            "insert into region_configurations (organization_id, store_id, sensor_id, public_id, region, "
            "name, "
            "capacity, settings, created_at, updated_at) values (1, 1, ?, 'r1', 'shop', 'Sales floor', 10, "
            "?, 0, 0)")
        .bind(sensor_, settings)
        .run();
  }

  void present(UtcMs at, std::int64_t people) {
    auto& store = bench_.store();
    store.begin();
    (void)store.readings().put(sensor_, "shop", store::Presence{at, people}, at);
    store.commit({1, 1}, "", at);
  }
  void period(UtcMs from, UtcMs to, std::int64_t below_zero, std::optional<std::int64_t> left_over,
              bool uncertain) {
    db().prepare("insert into occupancy_periods values (?, 'shop', ?, ?, ?, ?, ?, ?)")
        .bind(sensor_, count_ms(from), count_ms(to),
              std::int64_t{std::chrono::floor<std::chrono::days>(from).time_since_epoch().count()},
              below_zero, left_over, uncertain)
        .run();
  }
  [[nodiscard]] json look(UtcMs now) {
    auto reader = bench_.reader();
    const auto all = regions(reader, now);
    REQUIRE(all.size() == 1);
    return all[0];
  }
  store::Database& db() { return bench_.store().db(); }

 private:
  StoreBench bench_;
  std::int64_t sensor_;
};

constexpr const char* kCounted = R"({"counted_from": [{"sensor": "A1", "line": "1"}]})";

}  // namespace

TEST_CASE("regions: what a sensor states of a region holds for an hour, then nobody knows") {
  RegionBench bench("{}");
  CHECK(bench.look(kNoon)["present"].is_null());
  bench.present(kNoon, 11);
  const auto now = bench.look(kNoon + 59min);
  CHECK(now["name"] == "Sales floor");
  CHECK(now["counted"] == false);
  CHECK(now["present"] == 11);
  CHECK(now["at"] == "2026-07-31T12:00:00Z");
  CHECK(now["over"] == true);
  CHECK(bench.look(kNoon + 61min)["present"].is_null());
  CHECK(bench.look(kNoon + 61min)["over"] == false);
}

TEST_CASE("regions: a counted region holds since its reset, and says how far it has drifted") {
  RegionBench bench(kCounted);
  bench.period(kNoon - 24h, kNoon - 12h, 2, 5, false);
  bench.period(kNoon - 4h, kNoon, 1, std::nullopt, true);
  bench.present(kNoon - 24h, 8);
  const auto before = bench.look(kNoon);
  CHECK(before["counted"] == true);
  CHECK(before["present"].is_null());  // of the period before the reset
  CHECK(before["since"] == "2026-07-31T08:00:00Z");
  bench.present(kNoon - 4h, 10);
  const auto now = bench.look(kNoon);
  CHECK(now["present"] == 10);
  CHECK(now["over"] == false);  // it holds ten
  CHECK(now["uncertain"] == true);
  CHECK(now["drift"]["day"] == "2026-07-31");
  CHECK(now["drift"]["below_zero"] == 1);
  CHECK(now["drift"]["left_over"].is_null());
}

TEST_CASE("regions: one that is over or deleted is not shown, and a pinned file's words stand before HQ's") {
  RegionBench bench("{}");
  bench.db().execute(
      R"(update region_configurations set metadata = '{"in_force": {"name": "Shop", "capacity": 3, "settings": {}}}')");
  bench.present(kNoon, 4);
  const auto now = bench.look(kNoon);
  CHECK(now["name"] == "Shop");
  CHECK(now["capacity"] == 3);
  CHECK(now["over"] == true);
  bench.db().execute("update region_configurations set lifecycle = 'archived'");
  CHECK(regions(bench.db(), kNoon).empty());
  bench.db().execute("update region_configurations set lifecycle = 'active', deleted_at = 1");
  CHECK(regions(bench.db(), kNoon).empty());
}
