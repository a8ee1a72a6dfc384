// Discover, adopt, set and replay as a field tech types them: with the gateway running, and without.
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
        << "type = mqtt\nurl = " << broker_.url() << "\nsubscribe = milesight-vs125 bus/+\ndiscover = #\n";
  }

  [[nodiscard]] std::string config() const { return (dir_.path() / "gateway.conf").string(); }

  void start() {
    gateway_ = Process::spawn({LINTEL_BINARY, "run", "--config", config()}, {}, dir_.path() / "log");
    REQUIRE(eventually([&] { return says("link broker: connected") >= 2; }));  // to count, and to discover
  }
  void stop() {
    gateway_.kill(SIGTERM);
    REQUIRE(gateway_.wait_for(20s) == 0);
    std::ofstream(dir_.path() / "log", std::ios::trunc);
  }

  int says(const std::string& words) const {
    const auto log = text_of(dir_.path() / "log");
    int n = 0;
    for (auto at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++n;
    return n;
  }

  Answer lintel(std::vector<std::string> words) const {
    words.insert(words.end(), {"--config", config()});
    return ask(words);
  }

  void publish(const std::string& topic, const std::string& payload) const {
    Publisher publisher(fmt::format("tcp://127.0.0.1:{}", broker_.port()), "sensor", 10, {});
    publisher.publish(topic, payload, {});
    REQUIRE(publisher.drain(20s));
  }
  void window(const std::string& topic, int minute, std::int64_t in) const {
    Window window;
    window.end =
        UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
        24h + 60s * minute;
    window.start = window.end - 60s;
    window.counted = {in, 0};
    publish(topic, vs125_payload("HALL7", window, false));
  }

  [[nodiscard]] std::int64_t scalar(const std::string& sql) const {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    return db->scalar(sql);
  }
  bool counted(std::int64_t people) const {
    return eventually(
        [&] { return scalar("select coalesce(sum(count_in), 0) from people_counting_raw") == people; });
  }

 private:
  TempDir dir_, broker_dir_;
  Mosquitto broker_;
  Process gateway_;
};

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a device on a topic that nobody reads is discovered, adopted while the gateway runs, and counts") {
  Shop shop;
  shop.start();
  shop.window("hall/7", 1, 3);
  CHECK(eventually([&] { return has(shop.lintel({"discover"}).out, "HALL7"); }));
  const auto seen = shop.lintel({"discover"});
  CHECK(has(seen.out, "topic hall/7"));
  CHECK(has(seen.out, "milesight-vs125"));
  CHECK(shop.scalar("select count(*) from people_counting_raw") == 0);

  const auto wrong = shop.lintel({"adopt", "HALL8"});
  CHECK(wrong.code == 2);
  CHECK(has(wrong.err, "HALL7"));
  const auto adopted = shop.lintel({"adopt", "HALL7", "--name", "Hall", "--decoder", "milesight-vs125"});
  CHECK_MESSAGE(adopted.code == 0, adopted.err);
  CHECK(eventually([&] { return shop.says("link broker: connected") >= 3; }));
  shop.window("hall/7", 2, 4);
  CHECK(shop.counted(4));
  CHECK(has(shop.lintel({"sensors"}).out, "Hall"));

  const auto turned = shop.lintel({"sensors", "set", "Hall", "invert=yes"});
  CHECK_MESSAGE(turned.code == 0, turned.err);
  shop.stop();
  shop.start();  // what was adopted is listened to from the start
  shop.publish("hall/7", [] {
    Window window;
    window.end = std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now());
    window.end += 1min;
    window.start = window.end - 60s;
    window.counted = {5, 1};
    return vs125_payload("HALL7", window, false);
  }());
  CHECK(shop.counted(5));  // 4, and 1 that went in on the other side
}

TEST_CASE("with the gateway stopped the same verbs work on its database, and wrong words get a hint") {
  Shop shop;
  shop.start();
  shop.publish("bus/1", R"({"device_info": )");
  shop.window("bus/2", 1, 3);
  CHECK(shop.counted(3));
  REQUIRE(eventually([&] { return shop.scalar("select count(*) from quarantine") == 1; }));
  shop.stop();

  CHECK(has(shop.lintel({"discover"}).out, "HALL7"));
  const auto adopted = shop.lintel({"adopt", "HALL7"});
  CHECK_MESSAGE(adopted.code == 0, adopted.err);
  CHECK(shop.scalar("select count(*) from sensor_metadata where lifecycle = 'active'") == 1);
  CHECK(shop.scalar("select count(*) from journal where body like '%active%'") == 1);

  const auto listed = shop.lintel({"quarantine"});
  CHECK_MESSAGE(has(listed.out, "length"), listed.out, listed.err);
  CHECK(has(shop.lintel({"quarantine", "show", "1"}).out, "device_info"));
  CHECK(nlohmann::json::parse(shop.lintel({"quarantine", "list", "--json"}).out).size() == 1);
  const auto dry = shop.lintel({"quarantine", "replay", "--dry-run"});
  CHECK(dry.code == 1);
  CHECK(has(dry.out, "0 of 1 frame understood"));
  CHECK(has(shop.lintel({"quarantine", "replai"}).err, "did you mean replay?"));
  CHECK(has(shop.lintel({"quarantine", "list", "--jsn"}).err, "did you mean --json?"));
  CHECK(has(shop.lintel({"sensors", "set", "HALL7", "invrt=yes"}).err, "did you mean invert?"));
  for (const auto* verb : {"sensors", "discover", "adopt", "quarantine"}) {
    const auto help = ask({"help", verb}).out;
    for (std::size_t at = 0; at < help.size();) {
      const auto end = std::min(help.find('\n', at), help.size());
      CHECK(end - at <= 82);
      at = end + 1;
    }
  }
}
