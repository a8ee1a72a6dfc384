#include "gateway/clock/clock.hpp"

#include <doctest/doctest.h>

#include "gateway/clock/zone.hpp"

using namespace lintel;
using namespace std::chrono_literals;

namespace {

constexpr UtcMs kBuilt{Millis{1'700'000'000'000}};

/// A machine whose clocks the test sets.
struct Machine {
  clock::Sample now{utc_ms(1'785'000'000'000), 100s, false};

  void pass(std::chrono::seconds time) {
    now.wall += time;
    now.boot += time;
  }
  clock::WallClock make(std::map<BootId, clock::Offset> known = {}, bool trusted = true,
                        UtcMs not_before = {}) {
    return {BootId{1}, std::move(known), {kBuilt, trusted, not_before}, [this] { return now; }};
  }
};

UtcMs utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  return std::chrono::sys_days{std::chrono::year{year} / month / day} + std::chrono::hours{hour} +
         std::chrono::minutes{minute};
}

}  // namespace

TEST_CASE("clock: a step of the machine's clock moves no arrival") {
  Machine machine;
  auto wall = machine.make();
  CHECK(wall.observe());
  const auto before = wall.at(BootId{1}, 150s);
  machine.pass(10s);
  machine.now.wall -= 24h;
  CHECK_FALSE(wall.observe());
  CHECK(wall.at(BootId{1}, 150s) == before);
  CHECK(wall.disagreement() == -Millis{24h});
  machine.now.wall += 48h;
  CHECK_FALSE(wall.observe());
  CHECK(wall.at(BootId{1}, 150s) == before);
}

TEST_CASE("clock: a step is not taken over by a restart within the same boot") {
  Machine machine;
  auto first = machine.make();
  (void)first.observe();
  const auto before = first.at(BootId{1}, 150s);
  machine.now.wall += 1h;
  auto second = machine.make({{BootId{1}, first.current()}});
  CHECK_FALSE(second.observe());
  CHECK(second.at(BootId{1}, 150s) == before);
}

TEST_CASE("clock: a better source is believed, slewing is followed, 1970 is no time") {
  Machine machine;
  machine.now.wall = utc_ms(5'000);
  auto wall = machine.make();
  (void)wall.observe();
  CHECK_FALSE(wall.now());
  machine.pass(60s);
  machine.now.wall = utc_ms(1'785'000'000'000);
  CHECK(wall.observe());
  CHECK(wall.now() == machine.now.wall);

  machine.pass(60s);
  machine.now.wall += 90min;
  machine.now.synchronised = true;
  CHECK(wall.observe());
  CHECK(wall.now() == machine.now.wall);

  for (int i = 0; i < 30; ++i) {
    machine.pass(1s);
    machine.now.wall += 100ms;
    (void)wall.observe();
  }
  CHECK(wall.now() == machine.now.wall);
}

TEST_CASE("clock: another boot's arrivals need that boot's offset") {
  Machine machine;
  auto wall = machine.make({{BootId{2}, {Millis{1'784'000'000'000}, clock::Source::ntp}}});
  (void)wall.observe();
  CHECK(wall.at(BootId{2}, 1s) == utc_ms(1'784'000'001'000));
  CHECK_FALSE(wall.at(BootId{3}, 1s));
}

TEST_CASE("zones: the doubled hour means the first, the missing hour the jump, a wrong name says so") {
  const auto berlin = clock::Zone::find("Europe/Berlin");
  REQUIRE(berlin);
  CHECK(berlin->to_utc(utc(2026, 10, 25, 2, 30)) == utc(2026, 10, 25, 0, 30));
  CHECK(berlin->to_utc(utc(2026, 3, 29, 2, 30)) == utc(2026, 3, 29, 1, 0));
  CHECK(berlin->to_wall(utc(2026, 7, 1, 10)) == utc(2026, 7, 1, 12));
  const auto wrong = clock::Zone::find("Europe/Berlín");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("Europe/Berlín") != std::string::npos);
}
