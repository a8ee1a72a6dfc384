// A card that gives back something else than what was written: the real executable, the real broker, and a
// page of the database overwritten.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/store/store.hpp"
#include "tests/firmware-bridge/links/mqtt_publisher.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

class Gateway {
 public:
  explicit Gateway(const std::string& broker) {
    fs::create_directories(dir_.path() / "links.d");
    std::ofstream(dir_.path() / "gateway.conf")
        << "[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten =\n";
    std::ofstream(dir_.path() / "links.d/broker.conf")
        << "type = mqtt\nurl = " << broker << "\nsubscribe = milesight-vs125 door/#\n";
  }
  void start() {
    process_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir_.path() / "gateway.conf").string()}, {},
                              dir_.path() / "log");
  }
  void stop() {
    process_.kill(SIGTERM);
    process_.wait();
  }
  [[nodiscard]] std::int64_t people() const {
    return sum("select coalesce(sum(count_in), 0) from people_counting_raw not indexed");
  }
  [[nodiscard]] std::int64_t people_by_hour() const {
    return sum("select coalesce(sum(count_in), 0) from hourly_analytics");
  }
  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "log"); }

  /// Overwrites the leaf where the next entry would go.
  void damage(const std::string& name) const {
    std::int64_t page = 0;
    {
      auto db = store::Database::open(file(), store::OpenMode::writer);
      auto rows =
          db->prepare("select pageno from dbstat where name = ? and pagetype = 'leaf' order by path desc");
      rows.bind(name);
      REQUIRE(rows.step());
      page = rows.integer(0);
    }
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    out.seekp((page - 1) * 1024);
    out << std::string(1024, '\xEE');
    REQUIRE(out.good());
  }

 private:
  [[nodiscard]] std::int64_t sum(const std::string& sql) const {
    auto db = store::Database::open(file(), store::OpenMode::reader);
    try {
      return db ? db->scalar(sql) : -1;
    } catch (const store::SqliteError&) {
      return -1;
    }
  }
  [[nodiscard]] fs::path file() const { return store::database_path(dir_.path() / "state"); }

  TempDir dir_;
  Process process_;
};

/// Somebody passes in this second.
void pass(Publisher& door, int second) {
  door.publish("door/1",
               fmt::format(R"({{"device_info": {{"device_sn": "DOOR", "device_mac": "24:E1:24:00:00:01",
"device_name": "Door"}}, "line_trigger_data": [{{"group": {{"in": 0, "out": 0}}, "total": {{"in": 1, "out": 0}},
"line": 1, "line_name": "Line1", "line_uuid": "1"}}], "time_info": {{"time": "2026-03-02T10:{:02}:{:02}+00:00",
"time_zone": "UTC-0:00", "dst_status": false, "enable_dst": false}}}})",
                           second / 60, second % 60));
}

}  // namespace

TEST_CASE(
    "damage: what is on a page that a failing card has lost is all that is lost, and counting goes on") {
  for (const char* where : {"sqlite_autoindex_people_counting_raw_1", "people_counting_raw", "counter_state",
                            "hourly_analytics"}) {
    CAPTURE(where);
    const TempDir broker_dir;
    auto broker = Mosquitto::start(broker_dir.path());
    Gateway gateway(broker.url());
    Publisher door(broker.url(), "door");
    gateway.start();
    REQUIRE_MESSAGE(eventually([&] { return gateway.log().find("connected to") != std::string::npos; }),
                    gateway.log());
    for (int i = 0; i < 300; ++i) pass(door, i);
    door.flush();
    REQUIRE_MESSAGE(eventually([&] { return gateway.people() == 300; }), gateway.log());
    gateway.stop();
    gateway.damage(where);

    gateway.start();
    for (int i = 300; i < 400; ++i) pass(door, i);
    door.flush();
    const auto least = std::string_view(where) == "people_counting_raw" ? 400 - 60 : 400;  // a page has 1 KB
    CHECK_MESSAGE(eventually([&] { return gateway.people() >= least; }, 30s), gateway.people(), "\n",
                  gateway.log());
    CHECK(gateway.people() <= 400);
    if (std::string_view(where) == "hourly_analytics")  // which nobody reads before something is stored
      CHECK(gateway.log().find("what can be read of it is brought into a new one") != std::string::npos);
    if (least == 400) CHECK(eventually([&] { return gateway.people_by_hour() == 400; }));
    CHECK_MESSAGE(gateway.log().find("it was kept as") != std::string::npos, gateway.log());
    gateway.stop();
  }
}
