// What messages say of their devices reaches health, and what people do about alerts reaches the table.
#include <doctest/doctest.h>

#include "gateway/app/sensor_story.hpp"
#include "gateway/health/alerts.hpp"
#include "gateway/health/history.hpp"
#include "tests/gateway/app/desk.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

constexpr BootTime kLater = 2000s;

/// As the writer does before each commit.
void flush(Desk& desk) {
  desk.batch([&] {
    desk.pipeline->flush();
    return 0;
  });
}

void open_alert(Desk& desk) {
  const health::AlertCondition low{health::kind::kBattery, "S1", health::Severity::warning,
                                   "S1: its battery is at 9 %. Replace it."};
  health::Alerts alerts(health::sensor_kinds());
  desk.batch([&] {
    alerts.look(desk.store->db(), {{low}, {}}, {0s, kNoon, true});
    return 0;
  });
}

}  // namespace

TEST_CASE("app: a last will that comes by MQTT is what health goes by, also after a restart") {
  Desk desk;
  desk.config.links[0].subscriptions.push_back({"tasmota-counter", "tele/+/LWT"});
  desk.open();
  desk.frame("tele/door/SENSOR", R"({"Time":"2026-07-31T12:00:00","COUNTER":{"C1":7}})");
  const auto id = desk.scalar("select id from sensor_metadata where serial = 'door'");
  REQUIRE(id > 0);
  CHECK_FALSE(desk.pipeline->devices().facts(id, kLater).connected.has_value());
  desk.frame("tele/door/LWT", "Offline", kNoon + 1min);
  CHECK(desk.pipeline->devices().facts(id, kLater).connected == false);
  CHECK(desk.pipeline->devices().facts(id, kLater).connected_at == 1060s);
  flush(desk);
  desk.open();
  CHECK(desk.pipeline->devices().facts(id, kLater).connected == false);
  desk.frame("tele/door/LWT", "Online", kNoon + 2min);
  CHECK(desk.pipeline->devices().facts(id, kLater).connected == true);
}

TEST_CASE("app: what a device says again costs no write") {
  Desk desk;
  desk.config.links[0].subscriptions.push_back({"tasmota-counter", "tele/+/LWT"});
  desk.open();
  desk.frame("tele/door/SENSOR", R"({"Time":"2026-07-31T12:00:00","COUNTER":{"C1":7}})");
  desk.frame("tele/door/LWT", "Online", kNoon + 1min);
  flush(desk);
  const auto written = desk.scalar("select updated_at from device_states");
  CHECK(written == count_ms(kNoon + 1min));
  desk.frame("tele/door/LWT", "Online", kNoon + 2min);
  flush(desk);
  CHECK(desk.scalar("select updated_at from device_states") == written);
}

TEST_CASE("app: a radio that wobbles costs no write, one that has moved does, and a restart knows it") {
  Desk desk;
  desk.open();
  const auto kept = [&] {
    return desk.scalar("select coalesce(signal_dbm, 0) from device_states where sensor_id = 1");
  };
  health::Devices devices;
  desk.window(1, 3, 2);
  for (const auto& [signal, expected] : {std::pair{-90, -90}, {-94, -90}, {-97, -97}, {-92, -97}}) {
    bridge::DeviceReport report{.sensor = "S1", .connected = {}, .uptime_seconds = {}, .signal_dbm = signal};
    devices.note(1, report, 1000s, kNoon);
    desk.batch([&] {
      devices.flush(desk.store->db());
      return 0;
    });
    CHECK(kept() == expected);
  }
  devices.load(desk.store->db(), 2000s);
  bridge::DeviceReport margin{.sensor = "S1", .connected = {}, .uptime_seconds = {}, .margin_db = 12};
  devices.note(1, margin, 2000s, kNoon + 1min);
  desk.batch([&] {
    devices.flush(desk.store->db());
    return 0;
  });
  CHECK(kept() == -97);
  CHECK(desk.scalar("select margin_db from device_states") == 12);
}

TEST_CASE("app: an alert is acknowledged once, by name") {
  Desk desk;
  open_alert(desk);
  const auto id = desk.scalar("select id from alerts");
  const auto answer = desk.ask("alerts-ack", {{"id", id}, {"by", "Ann"}}, kNoon + 1min);
  CHECK(answer.value("message", "") == "S1: its battery is at 9 %. Replace it.");
  CHECK(desk.text("select state from alerts") == "acknowledged");
  CHECK(desk.text("select json_extract(details, '$.acknowledged_by') from alerts") == "Ann");
  CHECK(desk.scalar("select acknowledged_at from alerts") == count_ms(kNoon + 1min));
  CHECK(desk.ask("alerts-ack", {{"id", id}, {"by", "Bob"}}).value("error", "") ==
        "alert 1 was acknowledged by Ann already");
  CHECK(desk.ask("alerts-ack", {{"id", 99}, {"by", "Bob"}}).value("error", "") ==
        "there is no alert 99: `lintel alerts` lists those that are open");
  CHECK(desk.ask("alerts-ack", {{"id", id}, {"by", ""}}).contains("error"));
}

TEST_CASE("app: the story of a sensor says since when it is as it is, and how often it was otherwise") {
  Desk desk;
  desk.window(1, 3, 2);
  const auto id = desk.scalar("select id from sensor_metadata where serial = 'S1'");
  health::History history;
  const auto note = [&](health::Status status, const char* cause, UtcMs at) {
    health::Verdict verdict{status, cause};
    desk.batch([&] {
      history.note(desk.store->db(), id, verdict, at);
      desk.store->db().prepare("update sensor_metadata set status = ?").bind(health::to_string(status)).run();
      return 0;
    });
  };
  note(health::Status::online, "", kNoon - 3h);
  note(health::Status::offline, "silent for 31 min", kNoon - 2h);
  note(health::Status::offline, "silent for 40 min", kNoon - 110min);
  note(health::Status::online, "", kNoon - 1h);
  const auto story = app::story_of(desk.store->db(), "S1", kNoon);
  REQUIRE(story);
  CHECK((*story)["status"] == "online");
  CHECK((*story)["since"] == format_utc(kNoon - 1h));
  CHECK((*story)["changes"].size() == 3);
  CHECK((*story)["days_30"]["online"] == 7200);
  CHECK((*story)["days_30"]["offline"] == 3600);
  CHECK(app::story_text(*story, "UTC").find("offline   silent for 31 min") != std::string::npos);
  CHECK(app::story_of(desk.store->db(), "S2", kNoon).error().kind == ErrorKind::misconfigured);
}

TEST_CASE("app: the history of a sensor is bounded") {
  Desk desk;
  desk.window(1, 3, 2);
  health::History history;
  desk.batch([&] {
    for (int n = 0; n < 500; ++n) {
      const health::Verdict verdict{n % 2 == 0 ? health::Status::online : health::Status::offline};
      history.note(desk.store->db(), 1, verdict, kNoon + std::chrono::minutes{n});
    }
    return 0;
  });
  CHECK(desk.scalar("select count(*) from sensor_states") == health::History::kMostOfASensor);
  desk.batch([&] {
    health::History::prune(desk.store->db(), kNoon + health::History::kKept + 499min);
    return 0;
  });
  CHECK(desk.scalar("select count(*) from sensor_states") == 1);
}
