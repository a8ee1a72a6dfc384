// The power fails under load, on a disk that forgets what was not flushed. What a sensor was told is stored
// has to be there, and the controls, which do not flush, have to lose it.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/image/mini_vm/mini_vm.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/virtual_store_payloads.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

constexpr int kSensors = 4;
constexpr const char* kSecret = "aPathThatNobodyGuesses0123";

bool soak() {
  return std::getenv("TEST_SOAK") != nullptr;  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
}

void write_config(const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir / "links.d");
  std::ofstream(dir / "gateway.conf") << "[gateway]\nstate_dir = /data/state\nspool_dir = /run/spool\n"
                                         "[clock]\ntrust_system = yes\n[status]\nlisten =\n";
  std::ofstream(dir / "links.d" / "pushed.conf")
      << "type = http\ndecoder = milesight-vs125\nsecret = " << kSecret << "\n";
  std::filesystem::permissions(dir / "links.d" / "pushed.conf", std::filesystem::perms::owner_read);
}

std::string serial(int sensor) {
  return fmt::format("DOOR-{}", sensor);
}

/// Sensors that send their windows one after the other; the count in a window is its number.
class Sensors {
 public:
  /// One window of that sensor. True: the gateway has answered that it is stored.
  bool send(const MiniVm& machine, int sensor) {
    const int number = ++next_[sensor];
    Window window;
    window.start = begin_ + 60s * number;
    window.end = window.start + 60s;
    window.counted = {number, 0};
    HttpRequest request;
    request.body = vs125_payload(serial(sensor), window, false);
    request.headers = {"Content-Type: application/json"};
    request.timeout_ms = 10'000;
    const auto answer =
        ask(fmt::format("http://127.0.0.1:{}/ingest/pushed/{}", machine.port(), kSecret), request);
    if (answer.status != 200) return false;
    const std::lock_guard lock(mutex_);
    stored_[sensor].insert(number);
    return true;
  }
  /// All of them at once, until the machine is cut off after `load`.
  void send_until_cut(MiniVm& machine, std::chrono::milliseconds load) {
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int sensor = 0; sensor < kSensors; ++sensor) {
      threads.emplace_back([&, sensor] {
        while (!over) (void)send(machine, sensor);
      });
    }
    const auto before = stored();
    const bool counting = eventually([&] { return stored() > before + kSensors; }, 300s);
    std::this_thread::sleep_for(load);
    machine.cut();
    over = true;
    for (auto& thread : threads) thread.join();
    REQUIRE_MESSAGE(counting, machine.console());
  }
  [[nodiscard]] std::size_t stored() {
    const std::lock_guard lock(mutex_);
    std::size_t all = 0;
    for (const auto& numbers : stored_) all += numbers.size();
    return all;
  }
  /// How many of those that were told to be stored are not there, by what the machine says after its boot.
  std::size_t lost(const MiniVm& machine) {
    auto missing = stored_;
    for (const auto& line : machine.said("HAVE")) {
      std::istringstream words(line);
      std::string name;
      int from = 0, to = 0;
      words >> name >> from >> to;
      for (int sensor = 0; sensor < kSensors; ++sensor) {
        if (name == serial(sensor))
          missing[sensor].erase(missing[sensor].lower_bound(from), missing[sensor].upper_bound(to));
      }
    }
    std::size_t all = 0;
    for (int sensor = 0; sensor < kSensors; ++sensor) {
      all += missing[sensor].size();
      for (const int number : missing[sensor]) stored_[sensor].erase(number);  // counted as lost once
    }
    return all;
  }

 private:
  const UtcMs begin_ =
      UtcMs{std::chrono::floor<std::chrono::hours>(std::chrono::system_clock::now()).time_since_epoch()} -
      24h * 20;
  int next_[kSensors] = {};
  std::mutex mutex_;
  std::vector<std::set<int>> stored_ = std::vector<std::set<int>>(kSensors);
};

struct Outcome {
  int cuts = 0;
  std::size_t stored = 0, lost = 0;
  bool damaged = false;
};

/// Cuts the power that many times, or, of a control, until something was lost.
Outcome cut(const char* gateway, int cuts, const std::vector<std::string>& words, bool control) {
  const TempDir dir;
  write_config(dir.path() / "config");
  MiniVm machine(dir.path(), gateway, dir.path() / "config");
  Sensors sensors;
  std::mt19937 random(4711);
  Outcome outcome;
  machine.boot(words);
  while (outcome.cuts < cuts && !(control && (outcome.lost > 0 || outcome.damaged))) {
    sensors.send_until_cut(machine,
                           std::chrono::milliseconds(std::uniform_int_distribution<int>(200, 2500)(random)));
    ++outcome.cuts;
    machine.boot(words);
    const auto found = machine.said("FOUND");
    if (found != std::vector<std::string>{"ok"}) outcome.damaged = true;
    outcome.lost += sensors.lost(machine);
  }
  outcome.stored = sensors.stored() + outcome.lost;
  MESSAGE(fmt::format("{} cuts, {} readings answered as stored, {} lost{}", outcome.cuts, outcome.stored,
                      outcome.lost, outcome.damaged ? ", database damaged" : ""));
  return outcome;
}

}  // namespace

TEST_CASE("power cuts: it boots, the database is whole, and no reading that was answered as stored is lost") {
  const auto outcome = cut(LINTEL_BINARY, soak() ? 100 : 10, {}, false);
  CHECK(outcome.stored > 100);
  CHECK(outcome.lost == 0);
  CHECK_FALSE(outcome.damaged);
}

TEST_CASE("power cuts, control: a file system without barriers loses readings") {
  const auto outcome = cut(LINTEL_BINARY, 8, {"lintel.barrier=0"}, true);
  CHECK((outcome.lost > 0 || outcome.damaged));
}

TEST_CASE("power cuts, control: a database that does not flush at a commit loses readings") {
  const auto outcome = cut(LINTEL_CARELESS, 8, {}, true);
  CHECK((outcome.lost > 0 || outcome.damaged));
}

TEST_CASE("what a reading that arrives alone writes to the block device, by the guest's own counters") {
  const TempDir dir;
  write_config(dir.path() / "config");
  MiniVm machine(dir.path(), LINTEL_BINARY, dir.path() / "config");
  machine.boot();
  Sensors sensors;
  REQUIRE(eventually([&] { return sensors.send(machine, 0); }, 300s));
  const auto written = [&] {
    const auto seen = machine.said("WRITTEN").size();
    REQUIRE(eventually([&] { return machine.said("WRITTEN").size() > seen + 1; }, 60s));
    return std::stoull(machine.said("WRITTEN").back()) * 512;
  };
  // The write-ahead log grows to its 4 MB once, and is written over from then on.
  constexpr int kRounds = 8, kReadings = 100;
  std::vector<double> each;
  for (int round = 0; round < kRounds; ++round) {
    const auto before = written();
    for (int i = 0; i < kReadings; ++i) CHECK(sensors.send(machine, i % kSensors));
    each.push_back(static_cast<double>(written() - before) / kReadings);
  }
  for (const double bytes : each) MESSAGE(fmt::format("{:.1f} KB a reading", bytes / 1024));
  MESSAGE(
      fmt::format("a store with 20 sensors and a reading a minute: {:.0f} MB a day at that, new {:.0f} MB",
                  each.back() * 20 * 1440 / 1e6, each.front() * 20 * 1440 / 1e6));
  CHECK(each.back() > 0);
}
