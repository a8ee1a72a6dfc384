#include "gateway/health/own.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

#include "gateway/health/machine.hpp"
#include "gateway/health/own_watch.hpp"
#include "gateway/store/store.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::health;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string kinds(const OwnFacts& facts) {
  std::string words;
  for (const auto& condition : judge_own(facts)) {
    words +=
        (words.empty() ? "" : " ") + condition.kind + (condition.severity == Severity::critical ? "!" : "");
    CHECK(condition.what.ends_with('.'));
    CHECK(condition.advice.ends_with('.'));
  }
  return words;
}

/// A tree that stands for "/", and a state directory on the disk of this test.
struct Tree {
  test::TempDir dir;
  fs::path root = dir.path() / "root";
  fs::path state = dir.path() / "state";

  Tree() { fs::create_directories(state); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  }
  void disk(std::uint64_t sectors) const {
    struct ::stat file {};
    REQUIRE(::stat(state.c_str(), &file) == 0);
    write(fmt::format("sys/dev/block/{}:{}/stat", major(file.st_dev), minor(file.st_dev)),
          fmt::format("  1000 0 5000 20  300 10 {} 40 0 50 60\n", sectors));
  }
};

}  // namespace

TEST_CASE("own health: what is wrong has a name, a severity, and something to do") {
  struct Case {
    const char* what;
    OwnFacts facts;
    const char* kinds;
  };
  const auto with = [](auto change) {
    OwnFacts facts;
    facts.disk_free = 8ull << 30;
    change(facts);
    return facts;
  };
  const Case cases[] = {
      {"all well", with([](OwnFacts&) {}), ""},
      {"nothing known", OwnFacts{}, ""},
      {"little disk", with([](OwnFacts& f) { f.disk_free = 150ull << 20; }), "disk_low"},
      {"no disk", with([](OwnFacts& f) { f.disk_free = 20ull << 20; }), "disk_low!"},
      {"cannot store", with([](OwnFacts& f) { f.storage_error = "disk I/O error"; }), "storage!"},
      {"damaged once", with([](OwnFacts& f) { f.damaged_databases = 1; }), "database_damaged"},
      {"damaged again and again", with([](OwnFacts& f) { f.damaged_databases = 3; }), "database_damaged!"},
      {"read-only", with([](OwnFacts& f) { f.machine.read_only = true; }), "read_only!"},
      {"writable", with([](OwnFacts& f) { f.machine.read_only = false; }), ""},
      {"few files left", with([](OwnFacts& f) { f.machine.inodes_free = 0.01; }), "inodes_low"},
      {"warm", with([](OwnFacts& f) { f.machine.temperature = 74.9; }), ""},
      {"hot", with([](OwnFacts& f) { f.machine.temperature = 75; }), "temperature"},
      {"too hot", with([](OwnFacts& f) { f.machine.temperature = 85; }), "temperature!"},
      {"voltage was low", with([](OwnFacts& f) { f.machine.undervoltage_before = true; }), ""},
      {"voltage is low", with([](OwnFacts& f) { f.machine.undervoltage = true; }), "undervoltage"},
      {"writes without a configured endurance", with([](OwnFacts& f) { f.machine.written_day = 1ull << 40; }),
       ""},
      {"wears out", with([](OwnFacts& f) {
         f.card_endurance = 1'000'000'000'000;
         f.machine.written_day = 10'000'000'000;
       }),
       "card_wear"},
      {"lasts", with([](OwnFacts& f) {
         f.card_endurance = 1'000'000'000'000;
         f.machine.written_day = 25'000'000;
       }),
       ""},
      {"room for a week", with([](OwnFacts& f) { f.days_alone = 7; }), ""},
      {"room for days", with([](OwnFacts& f) { f.days_alone = 3; }), "room_short"},
      {"room for hours", with([](OwnFacts& f) { f.days_alone = 0.4; }), "room_short!"},
      {"no time", with([](OwnFacts& f) { f.clock_known = false; }), "clock_unknown"},
      {"stopped: only the disk can be judged", with([](OwnFacts& f) {
         f.running = false;
         f.clock_known = false;
         f.disk_free = 20ull << 20;
       }),
       "disk_low!"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.what);
    CHECK(kinds(each.facts) == each.kinds);
  }
}

TEST_CASE("own health: a machine without any of it says nothing, and nothing is made up") {
  const Tree tree;
  MachineWatch watch(tree.root, tree.state);
  const auto& machine = watch.look(0s);
  CHECK_FALSE(machine.temperature);
  CHECK_FALSE(machine.undervoltage);
  CHECK_FALSE(machine.written_day);
  CHECK(machine.read_only == false);
}

TEST_CASE("own health: a Raspberry Pi's temperature and voltage are read") {
  const Tree tree;
  tree.write("sys/class/thermal/thermal_zone0/temp", "61234\n");
  tree.write("sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n");
  MachineWatch watch(tree.root, tree.state);
  auto machine = watch.look(0s);
  CHECK(machine.temperature == doctest::Approx(61.234));
  CHECK(machine.undervoltage == false);
  CHECK(machine.undervoltage_before == true);
  tree.write("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");
  CHECK(watch.look(5s).undervoltage == false);  // not so soon again
  CHECK(watch.look(10s).undervoltage == true);
  tree.write("sys/class/thermal/thermal_zone0/temp", "?\n");
  CHECK_FALSE(watch.look(20s).temperature);
}

TEST_CASE("own health: the kernel's alarm is believed on boards without the firmware's word") {
  const Tree tree;
  tree.write("sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
  tree.write("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
  tree.write("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  tree.write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
  MachineWatch watch(tree.root, tree.state);
  CHECK(watch.look(0s).undervoltage == false);
  tree.write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  CHECK(watch.look(10s).undervoltage == true);
  tree.write("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
  CHECK(watch.look(20s).undervoltage == false);
  CHECK(watch.look(20s).undervoltage_before == true);
}

TEST_CASE("own health: bytes written are a day's, of the last day, and another disk begins anew") {
  const Tree tree;
  tree.disk(1000);
  MachineWatch watch(tree.root, tree.state);
  CHECK_FALSE(watch.look(0s).written_day);
  tree.disk(1000 + 600);  // one a second
  CHECK(watch.look(10min).written_day == 86'400u * 512);
  CHECK(watch.look(10min).measured == 10min);
  std::uint64_t sectors = 1000;
  for (int hour = 1; hour <= 72; ++hour) {
    sectors += hour <= 48 ? 3600 : 7200;
    tree.disk(sectors);
    (void)watch.look(std::chrono::hours{hour});
  }
  CHECK(watch.look(72h).written_day == 2u * 86'400 * 512);
  CHECK(watch.look(72h).measured == 24h);
  tree.disk(5);
  CHECK_FALSE(watch.look(73h).written_day);
}

TEST_CASE("own health: a setup file that was not taken is told with its lines until it is") {
  const Tree tree;
  const auto store = std::move(*store::Store::open(tree.state, {"", "Test", "UTC", 0, "gw", "1"},
                                                   test::utc_calendar, utc_ms(1'785'499'200'000)));
  const auto file = tree.state / "setup-problems.txt";
  std::ofstream(file) << "lintel-setup.txt:2: one\ntwo\nthree\nfour\n";
  OwnWatch watch({tree.root, tree.state, {}, file, 0});
  watch.refresh(store->db(), {10s, utc_ms(1'785'499'200'000), ""});
  REQUIRE(watch.found().conditions.size() == 1);
  CHECK(watch.found().conditions[0].kind == "setup_refused");
  CHECK(watch.found().conditions[0].what ==
        "The setup file on the card was not taken. lintel-setup.txt:2: one. two. three. And 1 more.");
  std::filesystem::remove(file);
  watch.refresh(store->db(), {20s, utc_ms(1'785'499'200'000), ""});
  CHECK(watch.found().conditions.empty());
}

TEST_CASE("own health: what stays wrong becomes an alert, also at night, and ends by itself") {
  const Tree tree;
  tree.write("sys/class/thermal/thermal_zone0/temp", "78000\n");
  const auto kWall = utc_ms(1'785'499'200'000);
  const auto store = std::move(
      *store::Store::open(tree.state, {"", "Test", "UTC", 0, "gw", "1"}, test::utc_calendar, kWall));
  OwnWatch watch({tree.root, tree.state, {}, {}, 0});
  const auto at = [&](std::chrono::minutes minute) {
    for (BootTime now = minute - 1min; now <= minute; now += 10s)
      watch.refresh(store->db(), {now, kWall + std::chrono::floor<Millis>(now), ""});
  };
  const auto alerts = [&] {
    auto row =
        store->db().prepare("select group_concat(kind || ' ' || severity || ' ' || state) from alerts");
    (void)row.step();
    return std::string(row.text(0));
  };
  for (int minute = 1; minute <= 9; ++minute) at(std::chrono::minutes{minute});
  CHECK(watch.found().conditions.size() == 1);
  CHECK(alerts().empty());
  for (int minute = 10; minute <= 12; ++minute) at(std::chrono::minutes{minute});
  CHECK(alerts() == "temperature warning open");
  tree.write("sys/class/thermal/thermal_zone0/temp", "50000\n");
  for (int minute = 13; minute <= 60; ++minute) at(std::chrono::minutes{minute});
  CHECK(watch.found().conditions.empty());
  CHECK(alerts() == "temperature warning open");  // it may come back
  for (int minute = 61; minute <= 140; ++minute) at(std::chrono::minutes{minute});
  CHECK(alerts() == "temperature warning resolved");
}
