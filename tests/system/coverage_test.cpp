// What the real gateway says of times in which nobody counted: kept apart from nobody passing, across kills.
#include <fstream>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/store/store.hpp"
#include "tests/gateway/cli/lintel_binary.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/virtual_store_payloads.hpp"
#include "tests/support/virtual_store_publisher.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

class Shop {
 public:
  Shop() : broker_(Mosquitto::start(broker_dir_.path())) {
    fs::create_directories(dir_.path() / "links.d");
    std::ofstream(config()) << fmt::format(
        "[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n[status]\nlisten =\n",
        dir_.path().string());
    std::ofstream(dir_.path() / "links.d" / "broker.conf")
        << "type = mqtt\nurl = " << broker_.url() << "\nsubscribe = milesight-vs125 bus/+\n";
    start();
  }

  void start() {
    std::ofstream(dir_.path() / "log", std::ios::trunc);
    gateway_ = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, {}, dir_.path() / "log");
    REQUIRE(eventually(
        [&] { return text_of(dir_.path() / "log").find("broker: connected") != std::string::npos; }));
  }
  void kill_gateway() {
    gateway_.kill(SIGKILL);
    (void)gateway_.wait_for(20s);
  }

  /// The minute that ends `minute` minutes after the beginning, which was yesterday.
  void window(int minute, std::int64_t in) const {
    Window window;
    window.end = begin_ + 60s * minute;
    window.start = window.end - 60s;
    window.counted = {in, 0};
    Publisher publisher(fmt::format("tcp://127.0.0.1:{}", broker_.port()), "sensor", 10, {});
    publisher.publish("bus/1", vs125_payload("HALL7", window, false), {});
    REQUIRE(publisher.drain(20s));
  }

  /// "0-5 counting, ..." in minutes, of all lines together where they agree.
  [[nodiscard]] std::string coverage() const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    auto select = db->prepare("select distinct from_at, to_at, state from coverage order by from_at");
    std::string text;
    while (select.step()) {
      const auto minutes = [&](int column) { return (select.integer(column) - count_ms(begin_)) / 60'000; };
      text += fmt::format("{}{}-{} {}", text.empty() ? "" : ", ", minutes(0), minutes(1), select.text(2));
    }
    return text;
  }
  [[nodiscard]] bool covered(const std::string& wanted) const {
    return eventually([&] { return coverage() == wanted; });
  }
  [[nodiscard]] bool stored(std::int64_t windows) const {
    return eventually([&] {
      auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
      return db->scalar("select count(distinct started_at) from people_counting_raw") == windows;
    });
  }
  [[nodiscard]] std::string config() const { return (dir_.path() / "gateway.conf").string(); }

 private:
  TempDir dir_, broker_dir_;
  Mosquitto broker_;
  Process gateway_;
  const UtcMs begin_ =
      UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
      24h;
};

}  // namespace

TEST_CASE("a sensor that was silent leaves a hole, which its stored history fills, also across a kill") {
  Shop shop;
  for (int minute = 1; minute <= 5; ++minute) shop.window(minute, minute % 2);
  REQUIRE(shop.stored(5));
  shop.window(11, 0);
  REQUIRE(shop.stored(6));  // what comes with the same commit is no growth
  shop.window(12, 0);
  REQUIRE(shop.stored(7));
  CHECK(shop.covered("0-5 counting, 10-11 counting"));  // growth is written later
  shop.kill_gateway();
  shop.start();
  CHECK(shop.covered("0-5 counting, 10-11 counting"));
  shop.window(8, 0);
  CHECK(shop.covered("0-5 counting, 7-8 counting, 10-12 counting"));  // nothing of the growth is lost
  for (const int minute : {6, 7, 9, 10}) shop.window(minute, 2);
  CHECK(shop.covered("0-12 counting"));
}

TEST_CASE("status shows when its numbers are complete, and since when they are not") {
  Shop shop;
  for (int minute = 1; minute <= 3; ++minute) shop.window(minute, 1);
  REQUIRE(shop.stored(3));
  const auto answer = ask({"status", "--json", "--config", shop.config()});
  const auto all = nlohmann::json::parse(answer.out);
  const auto& today = all["sensors"][0]["today"];
  CHECK(today["coverage"].is_number());
  CHECK(today["missing_since"].is_string());
  for (const auto& hour : today["hours"]) {
    CHECK(hour.contains("state"));
    CHECK(hour["in"].is_null() == (hour["state"] == "missing"));
  }
  const auto text = ask({"status", "--config", shop.config()}).out;
  CHECK_MESSAGE(text.find("COVERED") != std::string::npos, text);
  CHECK_MESSAGE(text.find("missing since") != std::string::npos, text);
}
