// The last window: the broker is killed, or loses its power, with messages that it has acknowledged and that
// the gateway does not have yet. Without the journal they are gone; with it none is, and none counts twice.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <mqtt/async_client.h>
#include <nlohmann/json.hpp>

#include "gateway/store/store.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool soak() {
  return std::getenv("TEST_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
}

unsigned seed() {
  const char* given = std::getenv("TEST_SEED");  // NOLINT(concurrency-mt-unsafe)
  const auto value = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  MESSAGE("seed ", value, " (TEST_SEED=", value, " repeats this run)");
  return value;
}

/// Passages of one door: each has a second of its own, or shares it with equal ones.
UtcMs second(int number) {
  static const auto begin =
      UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
      24h * 5;
  return begin + std::chrono::seconds{number};
}

/// A broker and a gateway in one store, each of which dies when the test wants.
class Shop {
 public:
  enum class Journal { none, kept };

  explicit Shop(Journal journal, const std::string& plugin_options = "") {
    fs::create_directories(dir_.path() / "broker");
    fs::create_directories(journal_dir() / "gateway");
    std::string config;
    if (journal == Journal::kept) {
      config = fmt::format("plugin {}\nplugin_opt_directory {}\nplugin_opt_topic bus/#\n{}",
                           LINTEL_BROKER_JOURNAL, journal_dir().string(), plugin_options);
    }
    broker_.emplace(Mosquitto::start(dir_.path() / "broker", config));
    write("gateway.conf",
          fmt::format("[gateway]\nstate_dir = {0}/state\nspool_dir = {0}/spool\n[status]\nlisten =\n",
                      dir_.path().string()));
    write(
        "links.d/broker.conf",
        fmt::format("type = mqtt\nurl = {}\nsubscribe = milesight-vs125 bus/+/telemetry\n{}", broker_->url(),
                    journal == Journal::kept ? "journal = " + journal_dir().string() + "\n" : ""));
  }

  /// `boot`: what it takes for the boot of the machine, where that is to be another one.
  void start_gateway(const std::string& boot = {}) {
    const auto before = times("connected to");
    std::vector<std::string> environment;
    if (!boot.empty()) {
      write("boot", boot + " 1000 1\n");
      environment.push_back("LINTEL_INJECT_CLOCK=" + (dir_.path() / "boot").string());
    }
    gateway_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir_.path() / "gateway.conf").string()},
                              environment, dir_.path() / "log");
    REQUIRE_MESSAGE(eventually([&] { return times("connected to") > before; }, 30s), log());
  }
  void kill_gateway() {
    gateway_.kill(SIGKILL);
    gateway_.wait();
  }
  int stop_gateway() {
    gateway_.kill(SIGTERM);
    return gateway_.wait();
  }
  /// As a power cut between two of its saves: what it had not saved is gone, and here all that it had.
  void cut_broker() {
    broker_->kill9();
    fs::remove(dir_.path() / "broker" / "mosquitto.db");
    broker_->restart();
  }
  void kill_broker() {
    broker_->kill9();
    broker_->restart();
  }

  /// Start of each reading of a door, in seconds(); as often as it was counted.
  std::map<std::int64_t, int> counted(const std::string& serial) {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    REQUIRE(db);
    auto rows = db->prepare(
        "select started_at from people_counting_raw r join sensor_metadata s on s.id = r.sensor_id where "
        "s.serial = ?");
    rows.bind(serial);
    std::map<std::int64_t, int> found;
    while (rows.step()) ++found[rows.integer(0)];
    return found;
  }
  std::size_t number_counted(const std::string& serial) {
    std::size_t all = 0;
    for (const auto& [at, times] : counted(serial)) all += static_cast<std::size_t>(times);
    return all;
  }
  std::string lintel(std::vector<std::string> words) {
    words.insert(words.begin(), LINTEL_BINARY);
    words.insert(words.end(), {"--config", (dir_.path() / "gateway.conf").string()});
    const auto out = dir_.path() / "answer";
    fs::remove(out);
    Process::spawn(words, {}, out).wait();
    return text_of(out);
  }

  [[nodiscard]] std::string log() const { return text_of(dir_.path() / "log"); }
  [[nodiscard]] std::string broker_log() const { return text_of(broker_->log_file()); }
  [[nodiscard]] fs::path journal_dir() const { return dir_.path() / "journal"; }
  [[nodiscard]] const fs::path& dir() const { return dir_.path(); }
  Mosquitto& broker() { return *broker_; }

 private:
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((dir_.path() / name).parent_path());
    std::ofstream(dir_.path() / name) << text;
  }
  [[nodiscard]] std::size_t times(const std::string& words) const {
    const auto text = log();
    std::size_t count = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
    return count;
  }

  TempDir dir_;
  std::optional<Mosquitto> broker_;
  Process gateway_;
};

/// A sensor that tries each message once, and knows whether the broker acknowledged it.
class Door {
 public:
  Door(int port, std::string serial)
      : uri_(fmt::format("tcp://127.0.0.1:{}", port)), serial_(std::move(serial)) {}

  /// Several at a time, each at its own second.
  void pass(const std::vector<int>& seconds) {
    std::vector<std::pair<int, mqtt::delivery_token_ptr>> sent;
    try {
      if (!client_ || !client_->is_connected()) connect();
      for (const int number : seconds) {
        ++tried[number];
        const auto payload = vs125_trigger(serial_, second(number), {1, 0});
        sent.emplace_back(number,
                          client_->publish("bus/1/telemetry", payload.data(), payload.size(), 1, false));
      }
    } catch (const mqtt::exception&) {
      client_.reset();
    }
    for (auto& [number, token] : sent) {
      if (!arrived(*token)) continue;
      ++acknowledged[number];
      ++all_acknowledged;
    }
  }
  std::map<int, int> tried, acknowledged;
  std::atomic<std::size_t> all_acknowledged{0};  ///< any thread

 private:
  /// False: the connection ended, or ends now, without an acknowledgement.
  bool arrived(mqtt::delivery_token& token) {
    try {
      for (int look = 0; look < 200; ++look) {
        if (token.wait_for(10)) return true;
        if (!client_ || !client_->is_connected()) return token.try_wait();
      }
    } catch (const mqtt::exception&) {  // it has failed
    }
    client_.reset();
    return false;
  }
  void connect() {
    client_ = std::make_unique<mqtt::async_client>(uri_, serial_);
    mqtt::connect_options options;
    options.set_max_inflight(100);
    client_->connect(options)->wait();
  }
  std::string uri_, serial_;
  std::unique_ptr<mqtt::async_client> client_;
};

std::vector<int> range(int from, int to) {
  std::vector<int> all;
  for (int i = from; i < to; ++i) all.push_back(i);
  return all;
}

void pass_in_pieces(Door& door, int from, int to) {
  for (int i = from; i < to; i += 50) door.pass(range(i, std::min(i + 50, to)));
}

}  // namespace

TEST_CASE(
    "a broker that loses its power while the gateway is away costs everything without the journal, nothing "
    "with it") {
  const int count = 500;
  const auto rows_after_cut = [&](Shop& shop) {
    shop.start_gateway();  // its session begins
    shop.kill_gateway();
    Door door(shop.broker().port(), "DOOR");
    pass_in_pieces(door, 0, count);
    REQUIRE(door.acknowledged.size() == count);
    shop.cut_broker();
    shop.start_gateway();
    Door after(shop.broker().port(), "DOOR");
    after.pass({count});
    REQUIRE(eventually([&] { return shop.counted("DOOR").contains(count_ms(second(count))); }));
    return shop.number_counted("DOOR") - 1;
  };
  Shop bare(Shop::Journal::none);
  CHECK(rows_after_cut(bare) == 0);  // the control: this is what the journal is for
  Shop kept(Shop::Journal::kept);
  CHECK(rows_after_cut(kept) == count);
  const auto log = kept.log();
  INFO(log);
  CHECK(kept.stop_gateway() == 0);
}

TEST_CASE("each acknowledged passage counts exactly once, however often broker and gateway are killed") {
  const int kills = soak() ? 100 : 12;
  std::mt19937 random(seed());
  Shop shop(Shop::Journal::kept);
  shop.start_gateway();
  std::atomic<bool> over{false};
  Door door(shop.broker().port(), "DOOR");
  std::thread sensor([&] {
    for (int i = 0; !over; i += 10) {
      door.pass(range(i, i + 10));
      if (i % 100 == 0) door.pass(std::vector<int>(20, i + 5));  // a crowd within one second
      std::this_thread::sleep_for(3ms);
    }
  });
  for (int kill = 0; kill < kills; ++kill) {
    const auto before = door.all_acknowledged.load();
    CHECK(
        eventually([&] { return door.all_acknowledged > before + 20; }, 30s));  // however slow the machine is
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(50, 400)(random)));
    switch (random() % 4) {
      case 0: shop.kill_broker(); break;
      case 1: shop.cut_broker(); break;
      case 2:
        shop.kill_gateway();
        shop.start_gateway();
        break;
      default:
        shop.kill_gateway();
        shop.cut_broker();
        shop.start_gateway();
        break;
    }
  }
  over = true;
  sensor.join();
  Door last(shop.broker().port(), "LAST");
  REQUIRE(eventually([&] {
    last.pass({static_cast<int>(last.tried.size())});
    return shop.number_counted("LAST") > 0;
  }));
  std::size_t acknowledged = 0, lost = 0, extra = 0;
  std::map<std::int64_t, int> counted;
  const auto look = [&] {
    counted = shop.counted("DOOR");
    acknowledged = lost = extra = 0;
    for (const auto& [number, tried] : door.tried) {
      const int have = counted[count_ms(second(number))], told = door.acknowledged[number];
      acknowledged += static_cast<std::size_t>(told);
      lost += static_cast<std::size_t>(std::max(0, told - have));
      extra += static_cast<std::size_t>(std::max(0, have - tried));
    }
    return lost == 0;
  };
  (void)eventually(look, 20s);
  MESSAGE(kills, " kills, ", acknowledged, " passages acknowledged, ", lost, " lost, ", extra,
          " counted twice");
  INFO(shop.log());
  CHECK(lost == 0);
  CHECK(extra == 0);
  CHECK(counted.size() <= door.tried.size());
}

TEST_CASE("messages of a boot in which the gateway never ran are placed between its own, and count") {
  Shop shop(Shop::Journal::kept);
  shop.start_gateway(std::string(32, 'a'));
  shop.kill_gateway();
  Door door(shop.broker().port(), "DOOR");
  pass_in_pieces(door, 0, 100);
  shop.cut_broker();
  shop.start_gateway(std::string(32, 'b'));
  CHECK(eventually([&] { return shop.number_counted("DOOR") == 100; }));
  pass_in_pieces(door, 100, 150);
  CHECK(eventually([&] { return shop.number_counted("DOOR") == 150; }));
  auto db = store::Database::open(store::database_path(shop.dir() / "state"), store::OpenMode::reader);
  REQUIRE(db);
  CHECK(db->scalar("select count(*) from boots") == 3);
  CHECK(db->scalar("select source = 'bounds' from boots order by ordinal limit 1 offset 1") == 1);
  CHECK(db->scalar("select count(*) from held_frames") == 0);
  INFO(shop.log());
  CHECK(shop.stop_gateway() == 0);
}

TEST_CASE(
    "a full journal blocks nobody: the broker says so, the gateway tells, and every passage still counts "
    "once") {
  Shop shop(Shop::Journal::kept, "plugin_opt_limit_mb 2\n");
  shop.start_gateway();
  shop.kill_gateway();
  Door door(shop.broker().port(), "DOOR");
  const int count = 8000;
  pass_in_pieces(door, 0, count);
  REQUIRE(door.acknowledged.size() == count);
  CHECK(shop.broker_log().find("it is full, and the gateway has confirmed nothing more of it") !=
        std::string::npos);
  shop.start_gateway();
  REQUIRE(eventually([&] { return shop.number_counted("DOOR") >= count; }, 60s));
  CHECK(shop.log().find("has stopped taking messages: it is full") != std::string::npos);
  CHECK(shop.lintel({"status"}).find("has stopped taking messages") != std::string::npos);
  // What is read is confirmed, and there is room again.
  int more = count;
  CHECK(eventually([&] {
    door.pass({more++});
    return shop.broker_log().find("messages are in the journal") != std::string::npos;
  }));
  CHECK(eventually([&] { return shop.number_counted("DOOR") == static_cast<std::size_t>(more); }));
  CHECK(eventually([&] {
    return shop.log().find("messages were left out of the broker's journal") != std::string::npos;
  }));
  CHECK(shop.counted("DOOR").size() == static_cast<std::size_t>(more));
  CHECK(shop.stop_gateway() == 0);
}

TEST_CASE("a gateway that may not read the journal says so in doctor and status, and counts on") {
  Shop shop(Shop::Journal::kept);
  fs::rename(shop.journal_dir(),
             shop.dir() / "elsewhere");  // the same words as without the right, also for root
  shop.start_gateway();
  Door door(shop.broker().port(), "DOOR");
  pass_in_pieces(door, 0, 100);
  CHECK(eventually([&] { return shop.number_counted("DOOR") == 100; }));
  const auto doctor = nlohmann::json::parse(shop.lintel({"doctor", "--json", "--only", "journal:broker"}));
  CHECK(doctor["checks"][0]["outcome"] == "problem");
  CHECK(doctor["checks"][0]["evidence"].get<std::string>().find("cannot be read") != std::string::npos);
  CHECK(doctor["checks"][0]["advice"].get<std::string>().find("the gateway's group reads it") !=
        std::string::npos);
  CHECK(shop.lintel({"status"}).find("count as they come over MQTT") != std::string::npos);

  fs::rename(shop.dir() / "elsewhere", shop.journal_dir());
  CHECK(eventually([&] { return shop.log().find("journal is in order again") != std::string::npos; }));
  pass_in_pieces(door, 100, 200);
  CHECK(eventually([&] { return shop.number_counted("DOOR") == 200; }));
  const auto better = nlohmann::json::parse(shop.lintel({"doctor", "--json", "--only", "journal:broker"}));
  CHECK(better["checks"][0]["outcome"] == "ok");
  CHECK(shop.counted("DOOR").size() == 200);
  CHECK(shop.stop_gateway() == 0);
}
