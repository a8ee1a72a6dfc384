// Direction, names, adoption and replay, with the real decoders on a real database.
#include "gateway/app/administration.hpp"

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

bool says(const json& answer, const char* words) {
  return answer.value("error", std::string()).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("sensors set: an inverted door counts the other way from then on, and the past stays") {
  Desk desk;
  desk.window(1, 5, 2);
  REQUIRE(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"invert=yes"}}}, kNoon + 90s)
              .contains("change"));
  desk.window(2, 5, 2);
  desk.window(1, 5, 2);  // the device states the first minute again
  CHECK(desk.scalar("select count(*) from people_counting_raw") == 2);
  CHECK(desk.scalar("select count_in from people_counting_raw order by started_at limit 1") == 5);
  CHECK(desk.scalar("select count_in from people_counting_raw order by started_at desc limit 1") == 2);
  CHECK(desk.scalar("select count(*) from journal where kind = 'sensor' and json_extract(body, "
                    "'$.change.invert[1]') = 1") == 1);
  desk.open();  // survives
  desk.window(3, 7, 0);
  desk.window(1, 5, 2);
  CHECK(desk.scalar("select sum(count_out) from people_counting_raw") == 2 + 5 + 7);
}

TEST_CASE("sensors set: running totals go on across a change of direction, without a reset that was none") {
  Desk desk;
  const auto totals = [&](int minute, int c1, int c2) {
    desk.frame(
        "tele/door/SENSOR",
        fmt::format(R"({{"Time":"2026-07-31T12:{:02}:00","COUNTER":{{"C1":{},"C2":{}}}}})", minute, c1, c2),
        kNoon + std::chrono::minutes{minute});
  };
  REQUIRE(desk.config.sensors.empty());
  config::Sensor door;
  door.serial = "door";
  door.lines["main"] = {"C1", "C2"};
  desk.config.sensors = {door};
  desk.open();
  totals(1, 1000, 10);
  totals(2, 1003, 11);
  CHECK(desk.ask("sensors-set", {{"serial", "door"}, {"changes", {"invert=yes"}}}, kNoon + 150s)
            .contains("change"));
  totals(3, 1007, 12);
  CHECK(desk.ask("sensors-set", {{"serial", "door"}, {"changes", {"invert=no", "line=main in=C2 out=C1"}}},
                 kNoon + 210s)
            .contains("change"));
  totals(4, 1012, 14);
  CHECK(desk.text("select group_concat(count_in || '/' || count_out) from (select * from people_counting_raw "
                  "order by started_at)") == "3/1,1/4,2/5");
  CHECK(desk.scalar("select count(distinct line) from people_counting_raw") == 1);
  CHECK(desk.scalar("select sum(flags & 4) from people_counting_raw") == 0);
}

TEST_CASE("sensors set: a line's name is for people, its series keeps its key") {
  Desk desk;
  desk.window(1, 5, 2);
  CHECK(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"line_name=1 = Main door", "name=Entrance"}}})
            .contains("change"));
  desk.window(2, 1, 0);
  CHECK(desk.scalar("select count(distinct line) from people_counting_raw") == 1);
  CHECK(desk.pipeline->mapping("S1").line_names.at("1") == "Main door");
  CHECK(desk.text("select name from sensor_metadata") == "Entrance");
}

TEST_CASE("sensors set: wrong words are refused with the nearest right one, and change nothing") {
  Desk desk;
  desk.window(1, 5, 2);
  CHECK(says(desk.ask("sensors-set", {{"serial", "S2"}, {"changes", {"invert=yes"}}}), "S1"));
  CHECK(says(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"inverted=yes"}}}),
             "did you mean invert?"));
  CHECK(says(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"invert=perhaps"}}}), "yes"));
  CHECK(says(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"timezone=Europe/Berlim"}}}), "Berl"));
  CHECK(desk.text("select settings from sensor_metadata") == "{}");
}

TEST_CASE("audit: who changed what is kept, with what was asked; a look and a refusal change nothing") {
  Desk desk;
  desk.window(1, 5, 2);
  (void)desk.ask("discover", {}, kNoon);
  (void)desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"inwert=yes"}}, {"actor", "Ada"}}, kNoon);
  CHECK(desk.scalar("select count(*) from audit_log") == 0);
  const json changes{{"serial", "S1"}, {"changes", {"invert=yes"}}};
  auto request = changes;
  request["actor"] = "Ada (page at 10.0.0.7)";
  REQUIRE(desk.ask("sensors-set", request, kNoon + 90s).contains("change"));
  CHECK(desk.text("select actor || '|' || action || '|' || table_name || '|' || row_id from audit_log") ==
        "Ada (page at 10.0.0.7)|sensors-set|sensor_metadata|S1");
  CHECK(json::parse(desk.text("select new_values from audit_log")) == changes);
  CHECK(desk.scalar("select at from audit_log") == count_ms(kNoon + 90s));
}

TEST_CASE("direction: HQ's word holds over what was said before, unless the file is pinned") {
  Desk desk;
  desk.window(1, 5, 2);
  const auto hq = [&](const char* settings, const char* lifecycle = "planning") {
    sync::Confirmation confirmation;
    confirmation.epoch = desk.text("select epoch from writer_state");
    confirmation.history = "h";
    confirmation.configuration.emplace();
    confirmation.configuration->version = 7;
    confirmation.configuration->sensors = {{"", "S1", "S1", lifecycle, {}, settings}};
    desk.batch([&] {
      (void)sync::apply(desk.store->db(), confirmation, kNoon);
      desk.store->sensors().reread();
      desk.pipeline->reload();
      desk.pipeline->settle_all(kNoon + 90s);
      return 0;
    });
  };
  const auto inverted = [&] { return desk.pipeline->mapping("S1").invert; };
  hq(R"({"invert": true})");
  CHECK(inverted());
  (void)desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"invert=no"}}});
  CHECK_FALSE(inverted());
  hq(R"({"invert": true})");  // nothing new
  CHECK_FALSE(inverted());
  hq(R"({"invert": false})");  // confirmed
  CHECK(desk.text("select json_array_length(metadata, '$.owed') from sensor_metadata") == "0");
  hq(R"({"invert": true})");
  CHECK(inverted());
  config::Sensor file;
  file.serial = "S1";
  file.stated = {"invert"};
  desk.config.sensors = {file};
  desk.open();
  CHECK(inverted());
  desk.config.sensors[0].pinned = true;
  desk.open();
  CHECK_FALSE(inverted());
  CHECK(says(desk.ask("sensors-set", {{"serial", "S1"}, {"changes", {"invert=yes"}}}), "pinned"));
}

TEST_CASE("direction: the settings of HQ make the sensors of a new card what they were on the old one") {
  Desk desk;
  sync::Confirmation confirmation;
  confirmation.epoch = desk.text("select epoch from writer_state");
  confirmation.history = "h";
  confirmation.configuration.emplace();
  confirmation.configuration->version = 3;
  confirmation.configuration->sensors = {{"9c3b3c0e-3f8e-5c53-9a59-000000000001", "S1", "Main", "active",
                                          "milesight-vs125", R"({"invert": true})"}};
  desk.batch([&] {
    (void)sync::apply(desk.store->db(), confirmation, kNoon);
    desk.store->sensors().reread();
    desk.pipeline->reload();
    return 0;
  });
  desk.window(1, 5, 2);
  CHECK(desk.scalar("select count_in from people_counting_raw") == 2);
  CHECK(desk.text("select name || lifecycle from sensor_metadata") == "Mainactive");
}

TEST_CASE("discover and adopt: a device heard on a foreign topic becomes a sensor, and counts") {
  Desk desk;
  bridge::Frame stray;
  stray.link = "broker";
  stray.topic = "hall/7/up";
  const auto payload = Desk::payload(1, 4, 0, "NEW1");
  stray.payload = payload;
  CHECK(desk.heard.append(stray));
  const auto seen = desk.ask("discover", json::object());
  REQUIRE(seen["devices"].size() == 1);
  CHECK(seen["devices"][0]["serial"] == "NEW1");
  CHECK(seen["devices"][0]["source"] == "heard");
  CHECK(says(desk.ask("adopt", {{"serial", "NEW2"}}), "did you mean NEW1?"));
  CHECK(says(desk.ask("adopt", {{"serial", "NEW1"}, {"decoder", "milesight-vs126"}}), "milesight-vs125"));
  CHECK(says(desk.ask("adopt", {{"serial", "NEW1"}, {"decoder", "milesight-vs125"}, {"link", "brokr"}}),
             "did you mean broker?"));
  CHECK(desk.scalar("select count(*) from sensor_metadata") == 0);

  const auto adopted =
      desk.ask("adopt", {{"serial", "NEW1"}, {"decoder", "milesight-vs125"}, {"name", "Hall"}});
  REQUIRE_MESSAGE(adopted.contains("topic"), adopted.dump());
  CHECK(desk.listened == "hall/7/up");
  desk.open();
  desk.frame("hall/7/up", payload, kNoon + 1min);
  CHECK(desk.scalar("select count_in from people_counting_raw") == 4);
  CHECK(desk.text("select name || lifecycle from sensor_metadata") == "Hallactive");
  CHECK(desk.ask("discover", json::object())["devices"].empty());
  CHECK(says(desk.ask("adopt", {{"serial", "NEW1"}}), "already"));
}

TEST_CASE("discover and adopt: a device that counts unasked is listed until it is adopted") {
  Desk desk;
  desk.window(1, 5, 2);
  const auto seen = desk.ask("discover", json::object());
  REQUIRE(seen["devices"].size() == 1);
  CHECK(seen["devices"][0]["source"] == "counted");
  CHECK(desk.ask("adopt", {{"serial", "S1"}, {"name", "Door"}})["topic"] == "");
  CHECK(desk.ask("discover", json::object())["devices"].empty());
}

TEST_CASE("quarantine: what an adopted device sent before counts at its own time, and once") {
  Desk desk;
  for (int minute = 1; minute <= 3; ++minute) {
    desk.frame("hall/7/up", Desk::payload(minute, minute, 0, "NEW1"), kNoon + std::chrono::minutes{minute});
  }
  CHECK(desk.scalar("select count(*) from quarantine") == 3);
  CHECK(desk.scalar("select count(*) from people_counting_raw") == 0);
  REQUIRE(desk.ask("adopt", {{"serial", "NEW1"}, {"decoder", "milesight-vs125"}})["quarantined"] == 3);
  desk.frame("hall/7/up", Desk::payload(3, 3, 0, "NEW1"),
             kNoon + 4min);  // the device repeats its last window

  const auto dry = desk.ask("quarantine-replay", {{"dry_run", true}});
  CHECK(dry["added"] == 2);
  CHECK(desk.scalar("select count(*) from quarantine") == 3);
  const auto done = desk.ask("quarantine-replay", json::object(), kNoon + 24h);
  CHECK(done["added"] == 2);
  CHECK(done["already"] == 1);
  CHECK(done["understood"] == 3);
  CHECK(desk.scalar("select count(*) from quarantine") == 0);
  CHECK(desk.scalar("select sum(count_in) from people_counting_raw") == 6);
  CHECK(desk.scalar("select max(received_at) from people_counting_raw") == count_ms(kNoon + 4min));
  CHECK(desk.ask("quarantine-replay", json::object())["frames"] == 0);
}

TEST_CASE("quarantine: a frame of which a part was counted adds only the rest") {
  Desk desk;
  auto broken = json::parse(Desk::payload(1, 5, 2));
  auto& lines =
      broken["line_trigger_data"].is_array() ? broken["line_trigger_data"] : broken["line_periodic_data"];
  REQUIRE(lines.is_array());
  auto second = lines[0];
  second["line"] = 2;
  const auto good = second;
  second.erase("total");
  second["in"] = "many";
  lines.push_back(second);
  desk.frame("bus/1", broken.dump(), kNoon + 1min);
  REQUIRE(desk.scalar("select count(*) from quarantine") == 1);
  REQUIRE(desk.scalar("select count(*) from people_counting_raw") == 1);
  // As if the decoder had learnt to read the rest.
  lines[1] = good;
  desk.store->db().prepare("update quarantine set payload = cast(? as blob)").bind(broken.dump()).run();
  const auto done = desk.ask("quarantine-replay", json::object());
  CHECK(done["added"] == 1);
  CHECK(done["already"] == 1);
  CHECK(desk.scalar("select count(*) from people_counting_raw") == 2);
  CHECK(desk.scalar("select max(revision) from people_counting_raw") == 1);
}

TEST_CASE("quarantine: totals older than the newest add nothing, and replay says so") {
  Desk desk;
  const auto totals = [](int minute, int c1) {
    return fmt::format(R"({{"Time":"2026-07-31T12:{:02}:00","COUNTER":{{"C1":{}}}}})", minute, c1);
  };
  config::Sensor door;
  door.serial = "door";
  door.lines["main"] = {"C1", ""};
  desk.config.sensors = {door};
  desk.open();
  desk.frame("other/door", totals(2, 1005), kNoon + 2min);  // refused: nobody subscribed
  desk.frame("tele/door/SENSOR", totals(1, 1000), kNoon + 1min);
  desk.frame("tele/door/SENSOR", totals(3, 1010), kNoon + 3min);
  CHECK(desk.scalar("select sum(count_in) from people_counting_raw") == 10);
  desk.store->db().execute("update quarantine set topic = 'tele/door/SENSOR'");
  const auto done = desk.ask("quarantine-replay", json::object());
  CHECK(done["covered"] == 1);
  CHECK(done["added"] == 0);
  CHECK(desk.scalar("select sum(count_in) from people_counting_raw") == 10);
}

TEST_CASE("quarantine: what is still not understood stays, with today's reason") {
  Desk desk;
  desk.frame("bus/1", "{");
  desk.frame("nobody/1", "?");
  const auto done = desk.ask("quarantine-replay", json::object());
  CHECK(done["frames"] == 2);
  CHECK(done["left"].size() == 2);
  CHECK(desk.scalar("select count(*) from quarantine") == 2);
}
