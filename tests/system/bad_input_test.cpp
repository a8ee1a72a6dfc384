// What a gateway meets that nobody wished for. Each gets a message that names the thing and what to try,
// nothing is lost, and whatever else there is goes on.
#include <csignal>
#include <fstream>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_pty.hpp"
#include "tests/support/virtual_store_publisher.hpp"
#include "tests/system/store_bench.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSubscription = "subscribe = milesight-vs125 bus/+/telemetry\n";

std::string link_to(const std::string& url) {
  return "type = mqtt\nurl = " + url + "\n" + kSubscription;
}

/// A gateway between a broker and HQ, with one sensor that counts one person a window.
struct Road {
  RealHq hq;
  TempDir broker_dir;
  Mosquitto broker;
  Gateway gateway{hq};
  int windows = 0;

  explicit Road(const std::string& broker_settings = {})
      : broker(Mosquitto::start(broker_dir.path(), broker_settings)) {}

  void open(const std::vector<std::string>& environment = {}) {
    gateway.add_link("broker", link_to(broker.url()));
    gateway.start(environment);
    REQUIRE_MESSAGE(says("connected to"), gateway.log());
  }

  bool says(const std::string& words) {
    return eventually([&] { return gateway.log().find(words) != std::string::npos; });
  }

  void publish(const std::string& payload, const std::string& topic = "bus/1/telemetry") {
    Publisher publisher(fmt::format("tcp://127.0.0.1:{}", broker.port()), "sensors", 10, {});
    publisher.publish(topic, payload, {});
    REQUIRE(publisher.drain(20s));
  }

  void count_one() {
    Window window;
    window.start =
        UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
        24h + 60s * windows++;
    window.end = window.start + 60s;
    window.counted = {1, 0};
    publish(vs125_payload("GOOD", window, false));
  }

  /// Whether HQ comes to hold every person counted so far, once.
  bool all_at_hq() {
    auto db = hq.sql();
    const auto want = std::to_string(windows);
    return eventually(
        [&] { return db.value("select coalesce(sum(count_in), 0) from data.people_counting_raw") == want; },
        60s);
  }

  std::string status() {
    const auto said = gateway.dir() / "status";
    std::filesystem::remove(said);
    Process::spawn({LINTEL_BINARY, "status", "--config", (gateway.dir() / "gateway.conf").string()}, {}, said)
        .wait();
    return text_of(said);
  }

  bool status_says(const std::string& words) {
    return eventually([&] { return status().find(words) != std::string::npos; });
  }
};

struct Refusal {
  const char* what;
  const char* file;
  const char* text;
  const char* named;  ///< must be in the message
  const char* hint;   ///< so must this
};

}  // namespace

TEST_CASE(
    "a configuration that cannot be right ends the start with 2, the place and the nearest right word") {
  const Refusal refusals[] = {
      {"unknown decoder", "links.d/a.conf", "type = mqtt\nurl = mqtt://h\nsubscribe = milesight-vs126 a/b\n",
       "milesight-vs126", "milesight-vs125"},
      {"unknown key", "gateway.conf", "[hq]\nurk = http://h\n", "urk", "url"},
      {"wrong type", "links.d/a.conf",
       "type = serial\ndevice = /dev/x\nbaud = fast\ndecoder = tasmota-counter\n", "fast", "115200"},
  };
  for (const auto& refusal : refusals) {
    CAPTURE(refusal.what);
    const TempDir dir;
    std::filesystem::create_directories(dir.path() / "links.d");
    std::ofstream(dir.path() / "gateway.conf") << "";
    std::ofstream(dir.path() / refusal.file) << refusal.text;
    auto run = Process::spawn({LINTEL_BINARY, "run", "--config", (dir.path() / "gateway.conf").string()}, {},
                              dir.path() / "said");
    CHECK(run.wait_for(20s) == 2);
    const auto said = text_of(dir.path() / "said");
    CAPTURE(said);
    CHECK(said.find(std::filesystem::path(refusal.file).filename().string()) != std::string::npos);
    CHECK(said.find(refusal.named) != std::string::npos);
    CHECK(said.find(refusal.hint) != std::string::npos);
  }
}

TEST_CASE("a configuration that is not there ends the start with 2 and its name") {
  const TempDir dir;
  auto run = Process::spawn({LINTEL_BINARY, "run", "--config", (dir.path() / "none.conf").string()}, {},
                            dir.path() / "said");
  CHECK(run.wait_for(20s) == 2);
  CHECK(text_of(dir.path() / "said").find("none.conf") != std::string::npos);
}

TEST_CASE("a topic and a password may contain #") {
  const TempDir accounts;
  const auto file = accounts.path() / "accounts";
  REQUIRE(Process::spawn({"mosquitto_passwd", "-c", "-b", file.string(), "store", "pass#word # 1"}).wait() ==
          0);
  Road road(fmt::format("allow_anonymous true\nlistener {} 127.0.0.1\npassword_file {}\n", free_port(),
                        file.string()));
  road.gateway.add_link("broker",
                        "type = mqtt\nurl = " + road.broker.url() +
                            "\nuser = store\npassword = pass#word # 1\nsubscribe = milesight-vs125 bus/#\n");
  road.gateway.start();
  REQUIRE_MESSAGE(road.says("connected to"), road.gateway.log());
  road.count_one();
  CHECK_MESSAGE(road.all_at_hq(), road.gateway.log());
}

TEST_CASE("a broker that is not there is named, and the serial line counts on") {
  RealHq hq;
  Gateway gateway(hq);
  const auto tty = gateway.dir() / "by-id" / "usb-Tasmota_door3";
  SerialDevice device(tty);
  const auto url = "mqtt://127.0.0.1:" + std::to_string(free_port());
  gateway.add_link("broker", link_to(url));
  gateway.add_link("stockroom",
                   fmt::format("type = serial\ndevice = {}\ndecoder = tasmota-counter\n", tty.string()));
  gateway.add_sensor("door3", "serial = door3\nline = door in=C1 out=C2\n");
  gateway.start();
  CHECK_MESSAGE(eventually([&] {
                  return gateway.log().find(url.substr(7) + " cannot be reached") != std::string::npos;
                }),
                gateway.log());
  Passages totals{100, 100};
  auto db = hq.sql();
  const auto at_hq = [&](const char* question) {
    (void)device.write_line(
        tasmota_console_line("door3", std::chrono::floor<Millis>(std::chrono::system_clock::now()), totals));
    return db.value(question);
  };
  REQUIRE(eventually([&] { return at_hq("select count(*) from data.sensor_metadata") == "1"; }));
  totals.in += 7;
  CHECK(eventually([&] { return at_hq("select sum(count_in) from data.people_counting_raw") == "7"; }));
  CHECK(gateway.running());
}

TEST_CASE("a wrong address of HQ is named, and what waited arrives once it is right") {
  Road road;
  const auto nowhere = "http://127.0.0.1:" + std::to_string(free_port());
  road.open({"LINTEL_HQ_URL=" + nowhere});
  road.count_one();
  CHECK_MESSAGE(road.says(nowhere), road.gateway.log());
  CHECK_MESSAGE(road.status_says("[hq] url"), road.status());
  CHECK(road.gateway.stop() == 0);
  road.gateway.start();
  CHECK_MESSAGE(road.all_at_hq(), road.gateway.log());
}

TEST_CASE("a wrong credential is named, and a right one is taken without a restart") {
  Road road;
  const auto file = road.gateway.dir() / "credential";
  const auto right = text_of(file);
  std::ofstream(file) << "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.bm90IHNpZ25lZA\n";
  road.open();
  road.count_one();
  CHECK_MESSAGE(road.status_says("credential_file"), road.status());
  std::ofstream(file) << right;
  CHECK_MESSAGE(road.all_at_hq(), road.gateway.log());
}

TEST_CASE("a captive portal's page confirms nothing and is called one") {
  Road road;
  road.open();
  road.count_one();
  REQUIRE_MESSAGE(road.all_at_hq(), road.gateway.log());
  road.hq.misbehave_once("html");
  road.count_one();
  CHECK_MESSAGE(road.says("captive portal"), road.gateway.log());
  CHECK_MESSAGE(road.all_at_hq(), road.gateway.log());
}

TEST_CASE("payloads that are too long, random or nested too deeply are kept aside, and the next one counts") {
  Road road;
  road.open();
  std::mt19937 random(7);
  std::string noise(4000, '\0');
  for (auto& byte : noise) byte = static_cast<char>(random());
  road.publish(std::string(1 << 20, 'x'));
  road.publish(noise);
  road.publish(std::string(100'000, '[') + std::string(100'000, ']'));
  road.publish("");
  road.count_one();
  CHECK_MESSAGE(road.all_at_hq(), road.gateway.log());
  CHECK(road.gateway.running());
  CHECK(road.gateway.stop() == 0);
  const auto said = road.gateway.dir() / "quarantine";
  Process::spawn({"sqlite3", "-readonly", (road.gateway.dir() / "state" / "lintel.db").string(),
                  "select count(*), sum(length(reason) > 0) from quarantine"},
                 {}, said)
      .wait();
  CHECK(text_of(said) == "4|4\n");
}

TEST_CASE("a frame that makes a decoder abort is set aside after the third time, and all others count") {
  Road road;
  const std::vector<std::string> hook = {"LINTEL_INJECT_ABORT=POISON"};
  road.open(hook);
  road.count_one();
  road.publish(R"({"device_info": "POISON"})");
  road.count_one();
  int deaths = 0;
  const bool arrived = eventually(
      [&] {
        if (!road.gateway.running()) {  // what the supervisor does
          ++deaths;
          road.gateway.start(hook);
        }
        return road.gateway.log().find("it is in quarantine") != std::string::npos;
      },
      60s);
  CHECK_MESSAGE(arrived, road.gateway.log());
  CHECK(deaths == 3);
  road.count_one();
  CHECK_MESSAGE(road.all_at_hq(), road.gateway.log());
  CHECK(road.gateway.running());
}
