// Door and device are different things: history stays with the door.
#include <doctest/doctest.h>

#include "gateway/app/mapping.hpp"
#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;

namespace {

constexpr std::int64_t kDay = 86'400'000;
const UtcMs kNow = utc_ms(20'000 * kDay);

Result<store::Calendar> utc_calendar(const std::string&, int) {
  return store::Calendar{[](UtcMs t) { return count_ms(t) / kDay; },
                         [](std::int64_t day) { return utc_ms(day * kDay); }};
}

struct Shop {
  test::TempDir dir;
  std::unique_ptr<store::Store> store =
      std::move(*store::Store::open(dir.path(), {"", "Test", "UTC", 0, "gw", "1"}, utc_calendar, kNow));
  counting::SeriesStates series{store->db()};

  Shop() { store->begin(); }

  store::Sensor& hear(const std::string& serial, std::int64_t total) {
    auto* sensor = store->sensors().claim(serial, "", "model", "link", kNow);
    auto& state = series.of(sensor->id, "");
    state.in.total = total;
    state.total_at = kNow;
    return *sensor;
  }
  bool replace(const std::string& before, const std::string& now) {
    config::Sensor file;
    file.serial = now;
    file.replaces = before;
    files = {file};
    return app::change_devices(files, store->sensors(), series, kNow);
  }
  std::string text(const std::string& sql) {
    auto select = store->db().prepare(sql);
    return select.step() ? std::string(select.text(0)) : "nothing";
  }
  std::vector<config::Sensor> files;
};

}  // namespace

TEST_CASE("replacement: the door keeps its ids, and the new device's first total counts nobody") {
  Shop shop;
  const auto id = shop.hear("OLD", 5000).id;
  const auto public_id = shop.text("select public_id from sensor_metadata");
  REQUIRE(shop.replace("OLD", "NEW"));
  const auto* door = shop.store->sensors().find("NEW");
  REQUIRE(door != nullptr);
  CHECK(door->id == id);
  CHECK(shop.text("select public_id || serial from sensor_metadata") == public_id + "NEW");
  CHECK_FALSE(shop.series.of(id, "").has_totals());
  CHECK_MESSAGE(!shop.replace("OLD", "NEW"), "what was done is not done again");
}

TEST_CASE("replacement: HQ is owed the new serial, and told which one it was") {
  Shop shop;
  shop.hear("OLD", 5000);
  shop.replace("OLD", "NEW");
  CHECK(shop.text(
            "select json_extract(body, '$.change.serial') from journal order by change_no desc limit 1") ==
        R"(["OLD","NEW"])");
  CHECK(shop.text("select json_extract(metadata, '$.devices[#-1].serial') from sensor_metadata") == "OLD");
}

TEST_CASE("replacement: the old device counts no more, whether it was ever heard or not") {
  Shop shop;
  shop.hear("OLD", 5000);
  shop.replace("OLD", "NEW");
  CHECK(app::successor(shop.files, shop.store->sensors(), "OLD") == "NEW");
  CHECK(app::successor({}, shop.store->sensors(), "OLD") == "NEW");
  CHECK(app::successor(shop.files, shop.store->sensors(), "NEW").empty());
  Shop fresh;  // a new card
  CHECK_FALSE(fresh.replace("OLD", "NEW"));
  CHECK(app::successor(fresh.files, fresh.store->sensors(), "OLD") == "NEW");
}

TEST_CASE("replacement: a device that was counted by itself meanwhile goes on at the door without a gap") {
  Shop shop;
  const auto door = shop.hear("OLD", 5000).id;
  const auto own = shop.hear("NEW", 70).id;
  REQUIRE(shop.replace("OLD", "NEW"));
  CHECK(shop.store->sensors().find("NEW")->id == door);
  CHECK(shop.series.of(door, "").in.total == 70);
  CHECK(shop.text("select serial || ' ' || lifecycle from sensor_metadata where id = " +
                  std::to_string(own)) == "NEW@" + std::to_string(own) + " archived");
}
