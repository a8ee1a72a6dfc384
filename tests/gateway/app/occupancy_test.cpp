// Counted regions from the frames of real devices to regional readings, drift and alerts.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include "gateway/sync/confirmation.hpp"
#include "tests/gateway/app/desk.hpp"

using namespace lintel;
using namespace lintel::app;
using namespace std::chrono_literals;
using lintel::test::Desk;
using lintel::test::kNoon;
using nlohmann::json;

namespace {

/// A shop with two doors, S1 and S2, and a back room behind the inner door S3.
class Shop : public Desk {
 public:
  Shop() {
    config::Sensor door;
    door.serial = "S1";
    door.region_names["shop"] = "Shop";
    door.regions = {{"shop", 20, {{"", "1", false}, {"S2", "1", false}, {"S3", "1", true}}},
                    {"back", std::nullopt, {{"S3", "1", false}}}};
    config.sensors = {door};
    open();
  }

  /// A minute that ended `minutes` after noon; it comes `late` minutes later.
  void minute(int minutes, std::int64_t in, std::int64_t out, const char* serial = "S1", int late = 0) {
    const auto at = kNoon + std::chrono::minutes{minutes + late};
    bridge::Frame frame;
    const auto bytes = payload(minutes, in, out, serial);
    frame.link = "broker";
    frame.topic = "bus/1";
    frame.payload = bytes;
    frame.boot = {1};
    frame.arrived = at - kNoon + std::chrono::seconds{1000};
    batch([&] {
      pipeline->process(frame, at);
      pipeline->flush();
      return 0;
    });
  }
  void clock(UtcMs now) {
    if (!pipeline->occupancy().due(now)) return;
    batch([&] {
      pipeline->occupancy().at(now);
      pipeline->flush();
      return 0;
    });
  }

  /// "5 0 12" of the shop: the levels in order of their times, without the reset.
  std::string levels(const std::string& region = "shop") {
    return text(
        fmt::format("select coalesce(group_concat(occupancy, ' '), '') from (select occupancy from "
                    "regional_counting_raw where region = '{}' and started_at > {} order by started_at)",
                    region, count_ms(kNoon - 12h)));
  }
  std::int64_t present() {
    return scalar(
        "select occupancy from regional_counting_raw where region = 'shop' order by started_at desc");
  }
  std::string alerts() {
    return text(
        "select coalesce(group_concat(state, ' '), 'none') from (select state from alerts order by id)");
  }
};

}  // namespace

TEST_CASE("counted region: two entrances and an inner door make regional readings of its sensor") {
  Shop shop;
  shop.minute(1, 5, 0);
  shop.minute(2, 4, 1, "S2");
  shop.minute(3, 2, 0, "S3");  // two go to the back
  CHECK(shop.levels() == "5 8 6");
  CHECK(shop.levels("back") == "2");
  CHECK(shop.scalar("select count(distinct sensor_id) from regional_counting_raw") == 1);
  CHECK(shop.scalar("select occupancy_max from daily_analytics where region = 'shop'") == 8);
  CHECK(shop.scalar("select count(*) from regional_counting_raw where change_no > 0") ==
        shop.scalar("select count(distinct change_no) from regional_counting_raw"));
}

TEST_CASE("counted region: nothing is invented for a store that configures none") {
  Desk desk;
  desk.window(1, 5, 2);
  desk.batch([&] {
    desk.pipeline->flush();
    return 0;
  });
  CHECK(desk.scalar("select count(*) from regional_counting_raw") == 0);
  CHECK(desk.scalar("select count(*) from occupancy_periods") == 0);
}

TEST_CASE("counted region: a window that comes late corrects what was recorded after it") {
  Shop shop;
  shop.minute(1, 5, 0);
  shop.minute(5, 0, 2);
  shop.minute(3, 10, 0, "S2", 3);
  CHECK(shop.levels() == "5 15 13");
  CHECK(shop.scalar("select max(revision) from regional_counting_raw") == 2);
}

TEST_CASE("counted region: a direction that is corrected for a past hour corrects the people present") {
  Shop shop;
  shop.minute(1, 1, 9);
  shop.minute(2, 3, 0);
  CHECK(shop.present() == 3);
  CHECK(shop.scalar("select below_zero from occupancy_periods where region = 'shop'") == 8);
  store::Correction swap;
  swap.at = kNoon + 10min;
  swap.actor = "test";
  swap.reason = "mounted the other way round";
  swap.sensor = shop.scalar("select id from sensor_metadata where serial = 'S1'");
  swap.from = kNoon;
  swap.to = kNoon + 1min;
  shop.batch([&] {
    shop.store->corrections().add(swap);
    while (shop.store->corrections().advance()) continue;
    shop.pipeline->flush();
    return 0;
  });
  CHECK(shop.levels() == "8 11");
  CHECK(shop.scalar("select below_zero from occupancy_periods where region = 'shop'") == 0);
}

TEST_CASE("counted region: a restart in the middle of the day loses nobody and writes nothing twice") {
  Shop shop;
  shop.minute(1, 5, 0);
  shop.minute(2, 3, 1, "S2");
  const auto before = shop.scalar("select count(*) from regional_counting_raw");
  shop.open();
  shop.clock(kNoon + 3min);
  CHECK(shop.scalar("select count(*) from regional_counting_raw") == before);
  shop.minute(4, 1, 0);
  CHECK(shop.levels() == "5 7 8");
}

TEST_CASE(
    "counted region: half an hour after closing nobody is there, and who is left over is kept as drift") {
  Shop shop;
  shop.store->db().execute(
      R"(update stores set settings = '{"opening_hours": {"friday": [["09:00", "13:00"]]}}')");
  shop.pipeline->reload();
  shop.minute(1, 9, 2);
  shop.clock(kNoon + 89min);
  CHECK(shop.present() == 7);
  shop.clock(kNoon + 90min);
  CHECK(shop.present() == 0);
  CHECK(shop.scalar("select left_over from occupancy_periods where region = 'shop' order by from_at") == 7);
  CHECK(shop.scalar("select count(*) from occupancy_periods where region = 'shop' and left_over is null") ==
        1);
}

TEST_CASE("counted region: a store that was switched off over closing learns its drift afterwards") {
  Shop shop;
  shop.minute(1, 9, 2);
  shop.open();
  shop.clock(kNoon + 20h);
  CHECK(shop.scalar("select left_over from occupancy_periods where region = 'shop' order by from_at") == 7);
  CHECK(shop.present() == 0);
}

TEST_CASE("counted region: while people are there, HQ hears of them every fifteen minutes") {
  Shop shop;
  shop.minute(1, 9, 2);
  CHECK_FALSE(shop.pipeline->occupancy().due(kNoon + 15min));
  shop.clock(kNoon + 16min);
  shop.clock(kNoon + 17min);
  CHECK(shop.levels() == "7 7");
  shop.minute(2, 0, 7, "S1", 20);  // it was wrong: they had gone before
  CHECK(shop.levels() == "7 0 0");
}

TEST_CASE("capacity: above it an alert opens once, and ends below 95 percent") {
  Shop shop;
  shop.minute(1, 20, 0);
  CHECK(shop.alerts() == "none");
  shop.minute(2, 1, 0, "S2");
  CHECK(shop.alerts() == "open");
  CHECK(shop.text("select message from alerts") ==
        "21 people in \"Shop\", which holds 20. Let nobody in until some have left.");
  shop.minute(3, 5, 0);
  shop.minute(4, 0, 7);  // 19: 95 %
  CHECK(shop.alerts() == "open");
  shop.minute(5, 0, 1);
  CHECK(shop.alerts() == "resolved");
  shop.minute(6, 9, 0);
  CHECK(shop.alerts() == "resolved open");
}

TEST_CASE("regions of HQ: they hold instead of the file's, and where they go the file's are back") {
  Shop shop;
  shop.minute(1, 9, 0);
  shop.minute(2, 5, 0, "S2");
  CHECK(shop.present() == 14);
  sync::Confirmation told;
  told.epoch = shop.text("select epoch from writer_state");
  told.configuration.emplace();
  told.configuration->regions.emplace();
  told.configuration->regions->push_back({"11111111-2222-4333-8444-555555555555", "S1", "shop", "Sales floor",
                                          10, "active",
                                          R"({"counted_from": [{"sensor": "S2", "line": "1"}]})"});
  const auto apply = [&] {
    shop.batch([&] {
      (void)sync::apply(shop.store->db(), told, kNoon + 3min);
      shop.pipeline->reload();
      shop.pipeline->settle_all(kNoon + 3min);
      shop.pipeline->flush();
      return 0;
    });
  };
  apply();
  CHECK(shop.present() == 5);  // today is counted by the new lines
  CHECK(shop.text("select name from region_configurations where region = 'shop'") == "Sales floor");
  told.configuration->regions->clear();
  apply();
  CHECK(shop.present() == 14);
  CHECK(shop.text("select name from region_configurations where region = 'shop'") == "Shop");
}
