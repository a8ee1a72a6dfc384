// The promise of the whole: whatever is killed, stopped or stepped, headquarters has every reading that a
// sensor was told is received, once.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <mqtt/async_client.h>

#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_pty.hpp"
#include "tests/system/store_bench.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

constexpr int kSensors = 20;
constexpr auto kWindow = 60s;
constexpr int kEqualEvents = 300;

unsigned seed() {
  const char* given = std::getenv("TEST_SEED");
  const auto value = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  MESSAGE("seed ", value, " (TEST_SEED=", value, " repeats this run)");
  return value;
}

std::string serial(int sensor) {
  return fmt::format("VS125-{:04}", sensor);
}

/// What is published, message by message, and what has to come of it.
struct Plan {
  std::vector<std::string> messages;
  std::vector<Row> rows;
};

Plan make_plan(int count) {
  Plan plan;
  const auto now = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now());
  const UtcMs begin = UtcMs{now.time_since_epoch()} - kWindow * (count / kSensors + 2);
  const UtcMs event_at = UtcMs{now.time_since_epoch()} - 60s;
  for (int i = 0; i < count; ++i) {
    Window window;
    window.start = begin + kWindow * (i / kSensors);
    window.end = window.start + kWindow;
    window.counted = {i, i % 11};
    plan.messages.push_back(vs125_payload(serial(i % kSensors), window, false));
    plan.rows.push_back({serial(i % kSensors), "1", count_ms(window.start), 0, 60'000, i, i % 11});
    if (i % 50 == 49) plan.messages.push_back(std::string(plan.messages.back()));  // said again
    if (i == count / 3) {
      // A crowd within one second: equal messages, each a passage of its own.
      for (int event = 0; event < kEqualEvents; ++event) {
        plan.messages.push_back(vs125_trigger("VS125-CROWD", event_at, {1, 0}));
        plan.rows.push_back({"VS125-CROWD", "1", count_ms(event_at), event, 0, 1, 0});
      }
    }
  }
  std::sort(plan.rows.begin(), plan.rows.end());
  return plan;
}

/// Publishes at about 2,500 messages a second; returns when the broker has acknowledged each.
void publish(const Plan& plan, int port) {
  mqtt::async_client client(fmt::format("tcp://127.0.0.1:{}", port), "sensors");
  mqtt::connect_options options;
  options.set_max_inflight(100);
  client.connect(options)->wait();
  std::vector<mqtt::delivery_token_ptr> sent;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < plan.messages.size(); ++i) {
    if (i % 50 == 0) {
      for (auto& token : sent) token->wait();
      sent.clear();
      std::this_thread::sleep_until(begin + 20ms * (i / 50));
    }
    sent.push_back(
        client.publish("bus/1/telemetry", plan.messages[i].data(), plan.messages[i].size(), 1, false));
  }
  for (auto& token : sent) token->wait();
  client.disconnect()->wait();
}

std::string broker_link(const Mosquitto& broker) {
  return fmt::format("type = mqtt\nurl = {}\nsubscribe = milesight-vs125 bus/+/telemetry\n", broker.url());
}

/// The first difference, for a person to read.
std::string difference(const std::vector<Row>& want, const std::vector<Row>& have) {
  std::vector<Row> lost, extra;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(), std::back_inserter(lost));
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(), std::back_inserter(extra));
  const auto show = [](const std::vector<Row>& rows) {
    if (rows.empty()) return std::string("none");
    const auto& r = rows.front();
    return fmt::format("{}, first {}/{} start {} seq {} duration {} in {} out {}", rows.size(), r.serial,
                       r.line, r.started_ms, r.seq, r.duration_ms, r.in, r.out);
  };
  return fmt::format("lost: {}; not sent: {}", show(lost), show(extra));
}

}  // namespace

TEST_CASE("every message a sensor was told is received is at HQ exactly once, whatever is killed") {
  const int count = soak() ? 100'000 : 10'000;
  const int kills = soak() ? 30 : 5;
  std::mt19937 random(seed());
  RealHq hq;
  const TempDir broker_dir;
  auto broker = Mosquitto::start(broker_dir.path());
  Gateway gateway(hq);
  gateway.add_link("broker", broker_link(broker));
  gateway.start();
  REQUIRE(eventually([&] { return gateway.log().find("connected to") != std::string::npos; }));

  const Plan plan = make_plan(count);
  std::atomic<bool> published{false};
  std::thread sensors([&] {
    publish(plan, broker.port());
    published = true;
  });
  const auto total = 100ms * (static_cast<int>(plan.messages.size()) / 250);
  for (int kill = 0; kill < kills; ++kill) {
    const auto mean = static_cast<int>(total.count() / kills);
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(mean / 4, mean)(random)));
    gateway.step_clock(kill % 2 == 0 ? "-1d" : "+3h");
    if (kill == kills / 4) hq.cluster.stop();
    if (kill == kills / 2) hq.cluster.restart();
    if (kill == kills * 3 / 4) {
      hq.misbehave_once("cut-after-bytes 40");
      hq.restart_api();
    }
    gateway.kill();
    gateway.start();
  }
  sensors.join();
  auto db = hq.sql();
  const auto want = std::to_string(plan.rows.size());
  const bool complete =
      eventually([&] { return db.value("select count(*) from data.people_counting_raw") == want; }, 120s);
  INFO(gateway.log());
  CHECK(complete);
  const auto have = rows_at(db);
  CHECK_MESSAGE(have == plan.rows, difference(plan.rows, have));
  CHECK(wrong_buckets(db) == "0");
  CHECK(gateway.stop() == 0);
}

TEST_CASE("the running totals of a serial device add up exactly, whatever is killed") {
  const int count = soak() ? 20'000 : 2'000;
  const int kills = soak() ? 30 : 5;
  std::mt19937 random(seed());
  RealHq hq;
  Gateway gateway(hq);
  const auto tty = gateway.dir() / "by-id" / "usb-Tasmota_door3";
  std::filesystem::create_directories(tty.parent_path());
  SerialDevice device(tty);
  gateway.add_link("stockroom",
                   fmt::format("type = serial\ndevice = {}\ndecoder = tasmota-counter\n", tty.string()));
  gateway.add_sensor("door3", "serial = door3\nline = door in=C1 out=C2\n");
  gateway.start();
  REQUIRE(eventually([&] { return device.listened_to(); }));

  Passages totals{1000, 900};
  const auto say = [&] {
    return device.write_line(
        tasmota_console_line("door3", std::chrono::floor<Millis>(std::chrono::system_clock::now()), totals));
  };
  auto db = hq.sql();
  REQUIRE(eventually([&] {  // the baseline has arrived once the sensor is known at HQ
    return say() && db.value("select count(*) from data.sensor_metadata") == "1";
  }));
  const Passages baseline = totals;
  std::uniform_int_distribution<int> people(0, 2);
  for (int i = 0; i < count; ++i) {
    totals.in += people(random);
    totals.out += people(random);
    (void)say();
    std::this_thread::sleep_for(1ms);
    if (i % (count / kills) == count / kills / 2) {
      gateway.step_clock(i % 2 == 0 ? "-1d" : "+3h");
      gateway.kill();
      totals.in += 20;  // while nobody listens; the hundreds of a slow start would be no people
      gateway.start();
      REQUIRE(eventually([&] { return device.listened_to(); }));
    }
  }
  const auto sum = [&](const char* column) {
    return db.value(fmt::format("select coalesce(sum({}), 0) from data.people_counting_raw", column));
  };
  const bool complete = eventually(
      [&] {
        (void)say();
        return sum("count_in") == std::to_string(totals.in - baseline.in) &&
               sum("count_out") == std::to_string(totals.out - baseline.out);
      },
      60s);
  INFO(gateway.log());
  CHECK_MESSAGE(complete, "sent ", totals.in - baseline.in, " in, ", totals.out - baseline.out,
                " out; at HQ ", sum("count_in"), ", ", sum("count_out"));
  CHECK(wrong_buckets(db) == "0");
  CHECK(gateway.stop() == 0);
}
