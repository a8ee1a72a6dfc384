// A Sparkplug edge node that knows nothing of gateways, and a gateway that has to come to know its aliases:
// the real executable and the real broker.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "firmware-bridge/links/mqtt_link.hpp"
#include "gateway/store/store.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/firmware-bridge/links/mqtt_publisher.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/sparkplug_message.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/text_file.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

class RunningGateway {
 public:
  explicit RunningGateway(const std::string& broker) {
    std::filesystem::create_directories(dir_.path() / "links.d");
    std::ofstream(dir_.path() / "gateway.conf")
        << "[gateway]\nstate_dir = state\nspool_dir = spool\n[status]\nlisten =\n";
    std::ofstream(dir_.path() / "links.d/plant.conf")
        << "type = mqtt\nurl = " << broker << "\nsubscribe = sparkplug-b spBv1.0/#\n";
    start();
  }
  void start() {
    process_ = Process::spawn({LINTEL_BINARY, "run", "--config", (dir_.path() / "gateway.conf").string()}, {},
                              dir_.path() / "log");
    ++starts_;
    REQUIRE_MESSAGE(eventually([&] { return connections() == starts_; }), log());
  }
  void kill() {
    process_.kill(SIGKILL);
    process_.wait();
  }
  std::int64_t scalar(const std::string& sql) {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    REQUIRE_MESSAGE(db, db.error().message);
    return db->scalar(sql);
  }
  bool comes_to(std::int64_t people) {
    return eventually(
        [&] { return scalar("select coalesce(sum(count_in), 0) from people_counting_raw") == people; });
  }
  /// Why frames are in quarantine, for the failure's message.
  std::string refusals() {
    auto db = store::Database::open(store::database_path(dir_.path() / "state"), store::OpenMode::reader);
    std::string text;
    auto rows = db->prepare(
        "select reason from quarantine union all select key || ' = ' || value from decoder_notes");
    while (rows.step()) text += std::string(rows.text(0)) + "\n";
    return text;
  }
  std::string log() { return text_of(dir_.path() / "log"); }

 private:
  int connections() {
    int found = 0;
    const auto text = log();
    for (auto at = text.find("connected to"); at != std::string::npos; at = text.find("connected to", at + 1))
      ++found;
    return found;
  }

  TempDir dir_;
  Process process_;
  int starts_ = 0;
};

/// The edge node's ears.
bridge::links::MqttLink::Options commands_of(const std::string& broker) {
  bridge::links::MqttLink::Options options;
  options.name = "edge";
  options.url = broker;
  options.client_id = "edge-commands";
  options.topics = {"spBv1.0/Stores/NCMD/edge"};
  options.boot_clock = [] { return BootTime(std::chrono::steady_clock::now().time_since_epoch()); };
  return options;
}

std::uint64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::milliseconds>(now).count());
}

}  // namespace

TEST_CASE("sparkplug: the gateway asks for births, counts, and knows the aliases after it was killed") {
  const TempDir broker_dir;
  auto broker = Mosquitto::start(broker_dir.path());
  MemorySink commands;
  bridge::links::MqttLink ears(commands_of(broker.url()), commands);
  ears.start();
  REQUIRE(eventually([&] { return ears.state().up; }));
  RunningGateway gateway(broker.url());
  Publisher edge(broker.url(), "edge");
  const auto total = [&](std::uint64_t seq, std::uint64_t people) {
    edge.publish("spBv1.0/Stores/DDATA/edge/door", sparkplug_message(seq, {{"", 1, 0, people}}, now_ms()));
    edge.flush();
  };

  total(200, 40);  // the gateway came later than the birth
  REQUIRE_MESSAGE(eventually([&] { return commands.kept().size() == 1; }), gateway.log());
  CHECK(commands.kept()[0].payload.find("Node Control/Rebirth") != std::string::npos);
  CHECK(commands.kept()[0].qos == 0);
  edge.publish("spBv1.0/Stores/NBIRTH/edge", sparkplug_message(0, {{"bdSeq", {}, 8, 7}}, now_ms()));
  edge.publish("spBv1.0/Stores/DBIRTH/edge/door",
               sparkplug_message(1, {{"Line/Entrance/In", 1, 8, 41}}, now_ms()));
  total(2, 46);
  CHECK_MESSAGE(gateway.comes_to(5), gateway.log());

  gateway.kill();
  total(3, 49);  // while it was away
  gateway.start();
  total(4, 50);
  CHECK_MESSAGE(gateway.comes_to(9), gateway.log(), gateway.refusals());
  CHECK(gateway.scalar("select count(*) from quarantine") == 1);
  CHECK(commands.kept().size() == 1);
}
