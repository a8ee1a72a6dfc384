#include <optional>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/gateway/sync/scripted_server.hpp"
#include "tests/gateway/sync/store_under_test.hpp"

using namespace lintel;
using namespace lintel::test;
using lintel::sync::State;
using lintel::sync::Trouble;
using nlohmann::json;

REGISTER_EXCEPTION_TRANSLATOR(const store::SqliteError& error) {
  return error.message.c_str();
}

namespace {

constexpr auto kNoon = StoreUnderTest::kNoon;

/// A server in front of `hq` that answers as the contract says.
ScriptedServer::Script honest(ContractHq& hq) {
  return [&hq](const Asked& asked) { return Reply{http(200, hq.answer(asked.body)), {}}; };
}

}  // namespace

TEST_CASE("sync: a backlog arrives whole and once, and the sensors' ids are kept") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server(honest(hq));
  store.rows.minutes(20'000, 2, kNoon);
  store.rows.region({.started_at = kNoon, .in = 3});
  store.begin(server.url());
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.rows.db().scalar("select count(*) from sensor_metadata where hq_id is not null") == 2);
  CHECK(store.set_aside() == 0);
  CHECK(server.requests() < 15);
  CHECK(server.connections() == 1);
  REQUIRE(eventually([&] { return store.sync->status().state == State::current; }));
  const auto status = store.sync->status();
  CHECK(status.watermark == 20'001);
  CHECK(status.error.empty());
  CHECK(status.last_success);
  CHECK(status.next_try);
  CHECK(status.bytes_sent > 50'000);
  CHECK(status.bytes_received > 500);
  CHECK(store.rows.db().scalar("select failures from sync_state") == 0);
}

TEST_CASE("sync: revisions, moves and gaps end up at HQ as they are here") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server(honest(hq));
  store.rows.minutes(40, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
  store.rows.revise(3, 99);
  store.rows.move(5, kNoon + 86'400'000);
  store.rows.skip_number();
  store.rows.revise(7, 98);
  store.rows.journal("sensor", R"({"sensor_id":1})");
  store.sync->notify();
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
}

TEST_CASE("sync: requests carry the credential and the key, and say who is asking") {
  StoreUnderTest store;
  ContractHq hq;
  Asked seen;
  ScriptedServer server([&](const Asked& asked) {
    seen = asked;
    return Reply{http(200, hq.answer(asked.body)), {}};
  });
  store.options.api_key = "publishable-key";
  store.begin(server.url() + "/rest/v1/");
  REQUIRE(eventually([&] { return store.writer.applied() > 0; }));
  store.sync->stop();
  CHECK(seen.head.starts_with("POST /rest/v1/rpc/gateway_sync_v1 HTTP/1.1\r\n"));
  CHECK(seen.header("Authorization") == std::string("Bearer ") + StoreUnderTest::kToken);
  CHECK(seen.header("apikey") == "publishable-key");
  CHECK(seen.header("Content-Type") == "application/json");
  CHECK(seen.header("Content-Profile") == "api");
  CHECK(seen.header("Expect").empty());
  CHECK(seen.header("User-Agent") == "lintel/" LINTEL_VERSION);
}

TEST_CASE("sync: without an address it is off and asks nobody") {
  StoreUnderTest store;
  store.begin("");
  CHECK(store.sync->status().state == State::off);
  store.sync->notify();
  store.sync->wake();
  store.sync->stop();
  CHECK(store.sync->status().state == State::off);
  CHECK(store.writer.queued() == 0);
}

TEST_CASE("sync: what HQ rejects by name is set aside, and nothing else") {
  StoreUnderTest store;
  ContractHq hq;
  hq.refuse = {{"777", "future"}, {"778", "conflict"}};
  ScriptedServer server(honest(hq));
  store.rows.minutes(10, 2, kNoon);
  const auto future = store.rows.line({.started_at = kNoon + 1, .in = 777});
  store.rows.minutes(10, 2, kNoon + 86'400'000);
  const auto conflict = store.rows.region({.sensor = 2, .started_at = kNoon + 2, .in = 778});
  store.begin(server.url());
  REQUIRE(store.drained());
  auto aside = store.rows.db().prepare("select change_no, code, message from set_aside order by change_no");
  REQUIRE(aside.step());
  CHECK(aside.integer(0) == future);
  CHECK(aside.text(1) == "future");
  CHECK(aside.text(2) == "HQ says no");
  REQUIRE(aside.step());
  CHECK(aside.integer(0) == conflict);
  CHECK_FALSE(aside.step());
  CHECK(hq.readings.size() == 20);
  CHECK(eventually([&] { return store.sync->status().rejected == 2; }));
}

TEST_CASE("sync: HQ's configuration is stored once and acknowledged by its version") {
  StoreUnderTest store;
  ContractHq hq;
  hq.configuration = json::parse(R"({"version": 7,
      "store": {"id": "u", "name": "Store 1", "timezone": "Europe/Berlin", "day_start_minute": 240},
      "sensors": [{"id": "5e450000-0000-4000-8000-000000000001", "name": "North door", "lifecycle": "active"},
                  {"id": "another-id", "serial": "B", "name": "South door"}]})");
  ScriptedServer server(honest(hq));
  store.begin(server.url());
  auto& db = store.rows.db();
  REQUIRE(eventually([&] { return db.scalar("select config_version from sync_state") == 7; }));
  auto row = db.prepare("select name, timezone, day_start_minute, config_version from stores");
  REQUIRE(row.step());
  CHECK(row.text(0) == "Store 1");
  CHECK(row.text(1) == "Europe/Berlin");
  CHECK(row.integer(2) == 240);
  CHECK(row.integer(3) == 7);
  auto sensor = db.prepare("select name, lifecycle from sensor_metadata order by id");
  REQUIRE(sensor.step());
  CHECK(sensor.text(0) == "North door");
  CHECK(sensor.text(1) == "active");
  REQUIRE(sensor.step());
  CHECK(sensor.text(0) == "South door");
  CHECK(sensor.text(1) == "planning");
  const auto before = server.requests();
  REQUIRE(eventually([&] { return server.requests() > before; }));
  store.sync->stop();
  CHECK(hq.last_request.at("config_version") == 7);
}

TEST_CASE("sync: a restored HQ gets everything again, and compact ids of the old one are forgotten") {
  StoreUnderTest store;
  ContractHq hq;
  std::mutex mutex;
  ScriptedServer server([&](const Asked& asked) {
    const std::lock_guard lock(mutex);
    return Reply{http(200, hq.answer(asked.body)), {}};
  });
  store.rows.minutes(3000, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
  {
    const std::lock_guard lock(mutex);
    hq = ContractHq{};
    hq.history = "history-2";
    // The new HQ gives the numbers of our sensors to somebody else's, as a restored sequence does.
    hq.next_id = 100;
    hq.ids = {{"somebody else", 100}};
    hq.next_id = 101;
    hq.refuse = {};
  }
  store.rows.minutes(2, 2, kNoon + 86'400'000LL * 10);
  store.sync->notify();
  const auto local = local_readings(store.rows.db());
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    for (const auto& [key, content] : local) {
      if (!hq.readings.contains(key)) return false;
    }
    return true;
  }));
  REQUIRE(store.drained());
  CHECK(store.set_aside() == 0);
  CHECK(store.rows.db().scalar("select count(*) from sensor_metadata where hq_id > 100") == 2);
}

TEST_CASE("sync: an HQ that lost the end of what it had is sent that again") {
  StoreUnderTest store;
  ContractHq hq;
  std::mutex mutex;
  ScriptedServer server([&](const Asked& asked) {
    const std::lock_guard lock(mutex);
    return Reply{http(200, hq.answer(asked.body)), {}};
  });
  store.rows.minutes(1000, 2, kNoon);
  store.begin(server.url());
  REQUIRE(store.drained());
  {
    const std::lock_guard lock(mutex);
    hq.applied.erase(hq.applied.find(401), hq.applied.end());
    hq.readings.clear();
  }
  REQUIRE(eventually([&] {
    const std::lock_guard lock(mutex);
    return hq.readings.size() == 600;
  }));
  REQUIRE(store.drained());
  CHECK(store.set_aside() == 0);
}

TEST_CASE("sync: an HQ that knows more than was ever numbered is not believed") {
  StoreUnderTest store;
  store.rows.minutes(5, 2, kNoon);
  ScriptedServer server([&](const Asked&) {
    return Reply{http(200, R"({"v":1,"watermark":6,"history":"h","time":1})"), {}};
  });
  store.begin(server.url());
  REQUIRE(store.troubled_by(Trouble::identity));
  CHECK(store.rows.watermark() == 0);
  CHECK(store.sync->status().advice.find("copy") != std::string::npos);
}

TEST_CASE("sync: positions of readings that were not sent are not believed") {
  StoreUnderTest store;
  store.rows.minutes(5, 2, kNoon);
  ScriptedServer server([&](const Asked&) {
    return Reply{http(200, R"({"v":1,"watermark":5,"history":"h","time":1,
                               "rejected":[{"s":2,"k":0,"code":"future"}]})"),
                 {}};
  });
  store.begin(server.url());
  REQUIRE(store.troubled_by(Trouble::not_contract));
  CHECK(store.rows.watermark() == 0);
  CHECK(store.set_aside() == 0);
}

TEST_CASE("sync: an HQ that confirms nothing, or takes back again and again, is not asked in a hot loop") {
  StoreUnderTest store;
  store.options.timing.backoff_base = Millis{50};
  store.options.timing.backoff_cap = Millis{200};
  store.rows.minutes(1500, 2, kNoon);
  int asked_for_more = 0;
  const auto script = [&](bool take_back) {
    return [&asked_for_more, take_back](const Asked& asked) {
      const auto request = json::parse(asked.body);
      const auto after = request.at("after").get<std::int64_t>();
      const auto to = request.at("to").get<std::int64_t>();
      ++asked_for_more;
      // One step forth, one step back.
      const auto watermark = !take_back || after > 0 ? 0 : to;
      return Reply{http(200, fmt::format(R"({{"v":1,"watermark":{},"history":"h","time":1}})", watermark)),
                   {}};
    };
  };
  for (const bool take_back : {false, true}) {
    asked_for_more = 0;
    ScriptedServer server(script(take_back));
    store.begin(server.url());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    REQUIRE(eventually([&] { return std::chrono::steady_clock::now() > end; }));
    store.sync->stop();
    CHECK(asked_for_more > 1);
    CHECK(asked_for_more < 80);
  }
}

TEST_CASE("sync: with nothing to send it shows now and then that it is alive") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server(honest(hq));
  store.begin(server.url());
  REQUIRE(eventually([&] { return server.requests() >= 3; }));
  store.sync->stop();
  CHECK(hq.last_request.at("after") == hq.last_request.at("to"));
  CHECK(hq.last_request.contains("health"));
}

TEST_CASE("sync: how sensors are is told when it changes, not with every request") {
  StoreUnderTest store;
  ContractHq hq;
  std::vector<json> liveness;
  ScriptedServer server([&](const Asked& asked) {
    auto answer = hq.answer(asked.body);
    if (hq.last_request.contains("liveness")) {
      for (const auto& entry : hq.last_request.at("liveness")) liveness.push_back(entry);
    }
    return Reply{http(200, answer), {}};
  });
  store.begin(server.url());
  REQUIRE(eventually([&] { return server.requests() >= 3; }));
  store.rows.db().execute("update sensor_metadata set status = 'offline', offline_since = 42 where id = 2");
  const auto before = server.requests();
  REQUIRE(eventually([&] { return server.requests() >= before + 3; }));
  store.sync->stop();
  REQUIRE(liveness.size() == 3);
  CHECK(liveness[2] == json::parse(R"({"sensor":101,"status":"offline","last":null,"since":42})"));
}

TEST_CASE("sync: steady readings take one request per interval") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server(honest(hq));
  store.options.timing.interval = Millis{200};
  store.begin(server.url());
  REQUIRE(eventually([&] { return server.requests() == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    store.rows.line({.started_at = kNoon + i, .in = 1});
    store.sync->notify();
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  const auto intervals = (std::chrono::steady_clock::now() - begin) / std::chrono::milliseconds{200};
  CHECK(server.requests() <= intervals + 2);
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
}

TEST_CASE("sync: a person who asks for a request does not wait for the interval") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server(honest(hq));
  store.options.timing.interval = std::chrono::hours{1};
  store.begin(server.url());
  REQUIRE(eventually([&] { return store.sync->status().state == State::current; }));
  store.rows.minutes(5, 2, kNoon);
  store.sync->wake();
  REQUIRE(store.drained());
  store.sync->wake();
  REQUIRE(eventually([&] { return server.requests() == 3; }));
}

TEST_CASE("sync: HQ's pause is kept between requests of a backlog") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server([&](const Asked& asked) {
    auto answer = json::parse(hq.answer(asked.body));
    answer["pace_ms"] = 150;
    return Reply{http(200, answer.dump()), {}};
  });
  store.rows.minutes(1400, 2, kNoon);
  const auto begin = std::chrono::steady_clock::now();
  store.begin(server.url());
  REQUIRE(store.drained());
  // A greeting and two requests: two pauses between them.
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds{300});
}

TEST_CASE("sync: a writer that stores no answers stops the sending, and nothing is lost when it does again") {
  StoreUnderTest store;
  ContractHq hq;
  ScriptedServer server(honest(hq));
  store.rows.minutes(250'000, 2, kNoon);
  store.writer.hold(true);
  store.begin(server.url());
  REQUIRE(store.troubled_by(Trouble::local));
  CHECK(store.writer.queued() < 40);
  CHECK(store.sync->status().error.find("could not be stored") != std::string::npos);
  store.writer.drop_queued();
  store.writer.hold(false);
  REQUIRE(store.drained());
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
}

TEST_CASE("sync: a new process goes on from the last stored answer") {
  StoreUnderTest store;
  ContractHq hq;
  std::optional<ScriptedServer> server(std::in_place, honest(hq));
  store.rows.minutes(30'000, 2, kNoon);
  int lives = 0;
  while (store.rows.watermark() < store.rows.last_change() && lives < 1000) {
    ++lives;
    store.begin(server->url());
    const auto requests = server->requests();
    const auto kept = store.rows.watermark();
    // Every other process lives long enough to keep an answer.
    REQUIRE(eventually([&] {
      return (server->requests() > requests + 1 && (lives % 2 == 0 || store.rows.watermark() > kept)) ||
             store.drained(Millis{0});
    }));
    store.sync->stop();
    store.writer.drop_queued();
  }
  server.reset();  // it may still take in what a process that has ended had asked
  CHECK(lives > 2);
  CHECK(store.rows.watermark() == store.rows.last_change());
  CHECK(hq.readings.size() == 30'000);
  CHECK(hq.readings == local_readings(store.rows.db()));
  CHECK(store.set_aside() == 0);
}

TEST_CASE("sync: an answer meant for another database file changes nothing") {
  StoreUnderTest store;
  sync::Confirmation other;
  other.epoch = "another";
  other.watermark = 5;
  other.rejected = {{1, "future", ""}};
  store.writer.post(other);
  REQUIRE(eventually([&] { return store.writer.applied() == 1; }));
  CHECK(store.rows.watermark() == 0);
  CHECK(store.set_aside() == 0);
}
