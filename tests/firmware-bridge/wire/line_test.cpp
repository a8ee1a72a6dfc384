// The example firmware and the real link, spool, decoder and database, each in a process of its own, over two
// ttys and a cable that damages what it carries. Both processes are killed again and again.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "gateway/store/sqlite.hpp"
#include "tests/firmware-bridge/wire/cable.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

unsigned seed() {
  const char* given = std::getenv("TEST_SEED");
  return given != nullptr ? static_cast<unsigned>(std::stoul(given)) : std::random_device{}();
}

/// A door with its counter, a cable and a gateway.
class Door {
 public:
  explicit Door(unsigned seed) : cable_(seed) {
    REQUIRE(::mkfifo((dir_.path() / "door").c_str(), 0600) == 0);
    people_ = ::open((dir_.path() / "door").c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(people_ >= 0);
    start_device();
    start_gateway();
  }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door() { ::close(people_); }

  void start_device() {
    device_ = Process::spawn({"sh", "-c",
                              fmt::format("exec {} {} {}/memory < {}/door", LINTEL_WIRE_COUNTER,
                                          cable_.device_tty(), dir_.path().string(), dir_.path().string())},
                             {}, dir_.path() / "counted");
  }
  void start_gateway(int die_after = 0) {
    gateway_ = Process::spawn(
        {LINTEL_WIRE_GATEWAY, cable_.gateway_tty(), dir_.path().string(), std::to_string(die_after)}, {},
        dir_.path() / "log");
  }
  void kill_device() {
    device_.kill();
    device_.wait();
  }
  void kill_gateway() {
    gateway_.kill();
    gateway_.wait();
  }
  [[nodiscard]] bool gateway_dies() { return gateway_.wait_for(20s).has_value(); }

  void pass(bool in) {
    const std::string_view line = in ? "in\n" : "out\n";
    REQUIRE(::write(people_, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    ++passed_;
    // The device is killed between people, not while one is in the door.
    REQUIRE(eventually([&] { return lines(dir_.path() / "counted") >= passed_; }));
  }

  [[nodiscard]] bool all_counted() const {
    return eventually([&] { return number("select coalesce(sum(people), 0) from passages") >= passed_; },
                      40s);
  }
  /// Each once, and nothing else.
  void check() const {
    CHECK(number("select coalesce(sum(people), 0) from passages") == passed_);
    CHECK(number("select count(*) from passages") ==
          number("select count(distinct repeat_key) from passages"));
    CHECK(number("select count(*) from passages where repeat_key = 'reject'") == 0);
  }
  Cable& cable() { return cable_; }

 private:
  static std::int64_t lines(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::int64_t n = 0;
    for (std::string line; std::getline(stream, line);) ++n;
    return n;
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) const {
    auto db = store::Database::open(dir_.path() / "wire.db", store::OpenMode::reader);
    if (!db) return -1;
    try {
      return db->scalar(sql);
    } catch (const store::SqliteError&) {
      return -1;  // the tables are not there yet
    }
  }

  TempDir dir_;
  Cable cable_;
  int people_ = -1;
  std::int64_t passed_ = 0;
  Process device_, gateway_;
};

}  // namespace

TEST_CASE("wire: people in a door are counted over a clean line") {
  Door door(1);
  for (int i = 0; i < 20; ++i) door.pass(i % 3 != 0);
  CHECK(door.all_counted());
  door.check();
}

TEST_CASE("wire: killed right after a commit, before its acknowledgement, the gateway counts nobody twice") {
  Door door(2);
  for (const int commits : {1, 2, 3, 1}) {
    door.kill_gateway();
    door.start_gateway(commits);
    for (int i = 0; i < 5; ++i) door.pass(i % 2 == 0);
    CHECK(door.gateway_dies());
  }
  door.start_gateway();
  CHECK(door.all_counted());
  door.check();
}

TEST_CASE("wire: on a bad line, with kills at both ends, each passage is counted once") {
  const unsigned start = seed();
  MESSAGE("TEST_SEED=" << start);
  std::mt19937 random(start);
  Door door(start);
  door.cable().bad(true);
  for (int i = 0; i < 60; ++i) {
    door.pass(random() % 2 == 0);
    if (random() % 10 == 0) door.kill_device(), door.start_device();
    if (random() % 10 == 0) door.kill_gateway(), door.start_gateway();
  }
  door.cable().bad(false);
  CHECK(door.all_counted());
  door.check();
}
