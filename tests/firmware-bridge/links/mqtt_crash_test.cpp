// The promise of the spool against a real broker: whoever is killed, no acknowledged message is lost and
// none is counted twice.
#include <atomic>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "firmware-bridge/links/recent_packets.hpp"
#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/firmware-bridge/links/mqtt_publisher.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

/// How often each payload counts after the writer's test for repeats, and how many repeats there were.
struct Counted {
  std::map<std::string, int> times;
  int total = 0;
  int repeats = 0;
};

Counted count(const std::filesystem::path& spool_dir) {
  Counted counted;
  bridge::links::RecentPackets recent;
  auto spool = open_spool(in_dir(spool_dir));
  bridge::links::Position position;
  bridge::Frame frame;
  std::string buffer;
  while (spool->read(position, frame, buffer)) {
    if (recent.is_repeat(frame)) {
      ++counted.repeats;
      continue;
    }
    recent.note(frame);
    ++counted.times[std::string(frame.payload)];
    ++counted.total;
  }
  CHECK(spool->facts().damaged_bytes == 0);
  return counted;
}

}  // namespace

TEST_CASE("mqtt: a reader killed again and again while a sensor sends loses nothing and doubles nothing") {
  const TempDir dir;
  const auto spool_dir = dir.path() / "spool";
  std::filesystem::create_directory(dir.path() / "broker");
  auto broker = Mosquitto::start(dir.path() / "broker");
  const auto start_reader = [&] {
    return Process::spawn({LINTEL_MQTT_TO_SPOOL, broker.url(), spool_dir.string()}, {},
                          dir.path() / "reader.log");
  };
  auto reader = start_reader();
  {
    // The session has to exist before the first message.
    Publisher first(broker.url(), "first");
    REQUIRE(eventually([&] {
      first.publish("bus/first", "first");
      first.flush();
      return std::filesystem::exists(spool_dir / "0000000001.spool");
    }));
  }

  constexpr int kMessages = 30'000;
  std::atomic<int> sent = 0;
  std::thread sensor([&] {
    Publisher publisher(broker.url());
    for (int i = 0; i < kMessages; ++i) {
      // Every third says the same: only the packet id tells one passage from the next.
      publisher.publish("bus/1", i % 3 == 0 ? "passage" : std::to_string(i));
      sent = i + 1;
    }
    publisher.flush();
  });
  const char* given = std::getenv("TEST_SEED");  // NOLINT(concurrency-mt-unsafe)
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  int kills = 0;
  while (sent < kMessages || kills < 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 200));
    reader.kill(SIGKILL);
    reader.wait();
    ++kills;
    reader = start_reader();
  }
  sensor.join();

  Counted counted;
  // The spool is this process's to read only while no reader holds it.
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(500ms);
    reader.kill(SIGTERM);
    CHECK(reader.wait_for(20s) == 0);
    counted = count(spool_dir);
    if (counted.total - counted.times["first"] >= kMessages) break;
    reader = start_reader();
  }
  MESSAGE("kills ", kills, ", sent again and recognised ", counted.repeats);
  CHECK(counted.times["passage"] == kMessages / 3);
  int lost = 0, doubled = 0;
  for (int i = 0; i < kMessages; ++i) {
    if (i % 3 == 0) continue;
    const auto found = counted.times.find(std::to_string(i));
    lost += found == counted.times.end() ? 1 : 0;
    doubled += found != counted.times.end() && found->second > 1 ? 1 : 0;
  }
  CHECK(lost == 0);
  CHECK(doubled == 0);
}
