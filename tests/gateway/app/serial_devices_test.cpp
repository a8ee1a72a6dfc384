// The executable between a Modbus bus and a radar: from the wire to rows.
#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "firmware-bridge/core/modbus.hpp"
#include "gateway/store/sqlite.hpp"
#include "gateway/store/store.hpp"
#include "tests/gateway/cli/lintel_binary.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/serial_bus.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

const std::string kOne =
    bridge::from_hex("aaff03000e03b186100040010000000000000000000000000000000055cc").value();
const std::string kNobody =
    bridge::from_hex("aaff030000000000000000000000000000000000000000000000000055cc").value();

/// A store with a bus of pulse counters and a radar.
struct Store {
  TempDir dir;
  SerialBus bus{dir.path() / "bus"};
  SerialBus radar{dir.path() / "radar"};
  Process slave, gateway;

  Store() {
    std::filesystem::create_directories(dir.path() / "links.d");
    std::filesystem::create_directories(dir.path() / "sensors.d");
    write("gateway.conf", "[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten =\n");
    write("links.d/bus.conf",
          "type = modbus\ndevice = ../bus\ndecoder = wirenboard-wb-mcm8-modbus\nunits = 90-91\npoll_seconds "
          "= 0.1\n"
          "answer_ms = 100\n");
    write("links.d/radar.conf", "type = serial\ndevice = ../radar\nbaud = 256000\ndecoder = hilink-ld2450\n");
    write("sensors.d/gate.conf", "link = bus/slave 90\nname = Gate\nline = gate in=in1 out=in2\n");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir.path() / name) << text;
  }
  [[nodiscard]] std::string config() const { return (dir.path() / "gateway.conf").string(); }

  /// The counter with so many pulses on its first two inputs, on wires of its own.
  void count(const std::string& in, const std::string& out) {
    std::vector<std::string> words{LINTEL_MODBUS_SLAVE, bus.attach(), "90", "60", "0", "0", in, "0", out};
    for (int i = 0; i < 12; ++i) words.push_back("0");
    slave = Process::spawn(words);
  }
  void run() {
    gateway = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, {}, dir.path() / "log");
    REQUIRE(eventually([&] { return std::filesystem::exists(store::database_path(dir.path() / "state")); }));
  }
  [[nodiscard]] std::int64_t ask(const std::string& query) const {
    auto db = store::Database::open(store::database_path(dir.path() / "state"), store::OpenMode::reader);
    if (!db) return -1;
    try {
      return db->scalar(query.c_str());
    } catch (const store::SqliteError&) {
      return -1;  // not there yet
    }
  }
};

}  // namespace

TEST_CASE("gateway: pulses on a bus become people at a gate, and the missing unit is told") {
  Store store;
  store.count("72", "200");
  store.run();
  const std::string kGate =
      " from people_counting_raw where line = 'gate' and sensor_id = (select id from sensor_metadata where "
      "serial = "
      "'link:bus/slave 90' and name = 'Gate')";
  REQUIRE(eventually([&] { return store.ask("select count(*)" + kGate) > 0; }));
  CHECK(store.ask("select sum(count_in)" + kGate) == 0);  // what was counted before is no news
  store.slave.kill();
  store.count("75", "201");
  CHECK(eventually([&] { return store.ask("select sum(count_in)" + kGate) == 3; }));
  CHECK(store.ask("select sum(count_out)" + kGate) == 1);
  CHECK(store.ask("select count(*) from quarantine") == 0);

  std::string said;
  CHECK(eventually([&] {
    said = test::ask({"status", "--config", store.config()}).out;
    return said.find("slave 91 does not answer") != std::string::npos;
  }));
  const auto before = std::chrono::steady_clock::now();
  store.gateway.kill(SIGTERM);
  CHECK(store.gateway.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - before < 3s);
}

TEST_CASE("gateway: a radar's ten statements a second become a row per change") {
  Store store;
  store.run();
  const auto rows = [&] { return store.ask("select count(*) from regional_counting_raw"); };
  const auto heard = [&] {
    return store.ask(
        "select count(*) from sensor_metadata where serial = 'link:radar' and last_data_received > 0");
  };
  REQUIRE(eventually([&] {
    store.radar.say(kOne);
    return rows() == 1;
  }));
  for (int i = 0; i < 50; ++i) store.radar.say(kOne);
  store.radar.say("noise" + kNobody);
  REQUIRE(eventually([&] { return rows() == 2; }));
  CHECK(store.ask("select occupancy from regional_counting_raw order by change_no desc limit 1") == 0);
  CHECK(heard() == 1);
  CHECK(store.ask("select count(*) from quarantine") == 1);
}

TEST_CASE("gateway: a port that it reads is not probed, by whatever name it is called") {
  Store store;
  store.run();
  std::filesystem::create_symlink(store.dir.path() / "radar", store.dir.path() / "other-name");
  Answer refused;
  REQUIRE(eventually([&] {
    refused = test::ask({"probe", (store.dir.path() / "other-name").string(), "--config", store.config()});
    return refused.err.find("the link radar") != std::string::npos;
  }));
  CHECK(refused.code == 1);
  CHECK(refused.out.empty());
}

TEST_CASE("gateway: a free port is probed, and what was heard can be copied into links.d") {
  Store store;
  std::atomic<bool> stopping{false};
  store.radar.disturb(
      [](std::string bytes, unsigned baud) { return baud == 256000 ? bytes : std::string("\x80\x90"); });
  std::thread talker([&] {
    while (!stopping) {
      store.radar.say(kOne);
      std::this_thread::sleep_for(20ms);
    }
  });
  const auto answer = test::ask(
      {"probe", (store.dir.path() / "radar").string(), "--seconds", "0.3", "--config", store.config()});
  stopping = true;
  talker.join();
  CHECK(answer.code == 0);
  CHECK(answer.out.find("256000 8N1: hilink-ld2450") == 0);
  CHECK(answer.out.find("\n  decoder = hilink-ld2450\n") != std::string::npos);
  CHECK(test::ask({"probe", "--config", store.config()}).code == 2);
  CHECK(test::ask({"probe", "/dev/null", "--units", "300", "--config", store.config()}).code == 2);
}
