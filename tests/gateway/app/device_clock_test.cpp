// Clocks of devices: which are believed, which are not, and what counts instead.
#include "gateway/app/device_clock.hpp"

#include <doctest/doctest.h>

#include "gateway/app/times.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using app::ClockFault;
using app::DeviceClock;
using bridge::DeviceTime;
using bridge::Kind;
using bridge::Observation;

namespace {

const UtcMs kStart = utc_ms(1'785'000'000'000);

/// A device that says something every minute, by a clock that is `late`.
struct Device {
  DeviceClock clock;
  UtcMs now = kStart;
  std::uint64_t message = 0;

  ClockFault say(Millis late, Millis pause = 1min) {
    now += pause;
    clock.look(now - late, now, ++message);
    return clock.fault();
  }
};

Observation total_at(UtcMs time, bool local = false) {
  Observation observation;
  observation.kind = Kind::total;
  observation.time = DeviceTime{time, local};
  return observation;
}

clock::Zone berlin() {
  return *clock::Zone::find("Europe/Berlin");
}

}  // namespace

TEST_CASE("device clock: 1970, 1975 and 2000 are unset, tomorrow is ahead, an hour ago may be history") {
  for (const int year : {1970, 1975, 2000}) {
    DeviceClock clock;
    clock.look(std::chrono::sys_days{std::chrono::year{year} / 1 / 1} + 5min, kStart, 1);
    CHECK(clock.fault() == ClockFault::unset);
  }
  Device device;
  CHECK(device.say(0s) == ClockFault::none);
  CHECK(device.say(-24h) == ClockFault::ahead);
  CHECK(device.say(1h) == ClockFault::none);
  CHECK(device.say(0s) == ClockFault::none);
}

TEST_CASE("device clock: one time in message after message is a frozen clock, until it goes on") {
  DeviceClock clock;
  std::uint64_t message = 0;
  for (int minute = 0; minute < 3; ++minute) {
    CHECK(clock.fault() == ClockFault::none);
    clock.look(kStart, kStart + 1min * minute, ++message);
  }
  CHECK(clock.fault() == ClockFault::frozen);
  clock.look(kStart, kStart + 3min, ++message);
  CHECK(clock.fault() == ClockFault::frozen);
  CHECK(clock.word() == "frozen");
  clock.look(kStart + 4min, kStart + 4min, ++message);
  CHECK(clock.fault() == ClockFault::none);
  CHECK(clock.word().empty());
}

TEST_CASE(
    "device clock: the same message again and again is a repeat, and many people in one second a crowd") {
  DeviceClock clock;
  for (int minute = 0; minute < 6; ++minute) {
    clock.look(kStart, kStart + 1min * minute, 1);
    CHECK(clock.fault() == ClockFault::none);
  }
  DeviceClock crowd;
  for (std::uint64_t person = 0; person < 6; ++person) {
    crowd.look(kStart, kStart + 1s * person, person);
    CHECK(crowd.fault() == ClockFault::none);
  }
}

TEST_CASE("device clock: a repeat is judged as the message itself was, and hides no frozen clock") {
  Device device;
  for (int i = 0; i < 3; ++i) CHECK(device.say(1h, 2min) == ClockFault::none);
  device.clock.look(device.now - 1h, device.now + 5s, device.message);
  CHECK_MESSAGE(device.clock.fault() == ClockFault::none, "a fourth message would have shown another zone");

  DeviceClock quiet;  // says the same five times before anybody passes
  for (int minute = 0; minute < 15; ++minute) {
    CHECK(quiet.fault() == (minute < 11 ? ClockFault::none : ClockFault::frozen));
    quiet.look(kStart, kStart + 1min * minute, static_cast<std::uint64_t>(minute / 5));
  }
}

TEST_CASE("device clock: off by whole quarters of an hour all the time is another zone, both ways") {
  for (const Millis late : {Millis{1h}, -Millis{2h}, Millis{5h + 45min}, -Millis{30min}}) {
    CAPTURE(late.count());
    Device device;
    ClockFault fault{};
    for (int i = 0; i < 8; ++i) fault = device.say(late + 1s * i, 2min);
    CHECK(fault == ClockFault::wrong_zone);
    CHECK(device.clock.behind() == late);
    // It survives a restart, and ends with the first message that is right.
    Device again;
    again.clock.restore(device.clock.word());
    CHECK(again.say(late + 3s) == ClockFault::wrong_zone);
    CHECK(again.say(3s) == ClockFault::none);
  }
}

TEST_CASE(
    "device clock: no zone is what arrives late: kept messages, windows told by their start, a slow clock") {
  Device kept;  // half an hour's worth, all at once
  for (int i = 0; i < 8; ++i) CHECK(kept.say(30min, 1ms) == ClockFault::none);
  Device windows;  // "the hour that began an hour ago", once an hour
  for (int i = 0; i < 8; ++i) CHECK(windows.say(1h, 1h) == ClockFault::none);
  Device slow;
  for (int i = 0; i < 8; ++i) CHECK(slow.say(37min, 2min) == ClockFault::none);
}

TEST_CASE("times: with a faulty clock the newest of a message arrives, the rest keeps its distance") {
  Device device;
  for (int i = 0; i < 8; ++i) (void)device.say(1h, 2min);
  REQUIRE(device.clock.fault() == ClockFault::wrong_zone);
  const UtcMs arrival = device.now;
  const auto newest = app::resolve(total_at(arrival - 1h), berlin(), arrival, &device.clock);
  CHECK(newest->at == arrival);
  CHECK(newest->flags == store::kArrivalTime);
  const auto older = app::resolve(total_at(arrival - 1h - 10min), berlin(), arrival, &device.clock);
  CHECK(older->at == arrival - 10min);
  CHECK(older->flags == store::kArrivalTime);
}

TEST_CASE("times: what rests on the arrival says how well that is known, what the device timed does not") {
  clock::Arrival own(kStart);
  own.unconfirmed = true;
  clock::Arrival bounded(kStart);
  bounded.source = clock::Source::bounds;
  bounded.uncertainty = 3h;
  Observation untimed;
  untimed.kind = Kind::event;
  CHECK(app::resolve(untimed, berlin(), own)->flags == store::kUnconfirmed);
  CHECK(app::resolve(untimed, berlin(), bounded)->flags == store::kBounded);
  CHECK(app::resolve(untimed, berlin(), bounded)->uncertainty == 3h);
  CHECK(app::resolve(total_at(kStart - 1min), berlin(), own)->flags == 0);
  CHECK(app::resolve(total_at(utc_ms(5)), berlin(), own)->flags ==
        (store::kUnconfirmed | store::kArrivalTime));
  // The estimate of the arrival may be too early; the device knows.
  const auto known = app::resolve(total_at(kStart + 2h), berlin(), bounded);
  CHECK(known->at == kStart + 2h);
  CHECK(known->flags == 0);
}

TEST_CASE("times: the hour that occurs twice is told apart by the order of arrival") {
  const UtcMs first =
      std::chrono::sys_days{std::chrono::year{2026} / 10 / 25} + 0h;  // 02:00 for the first time
  const auto wall = [&](Millis after) { return total_at(UtcMs{first + 2h + after}, true); };
  DeviceClock live;
  for (const Millis after : {Millis{15min}, Millis{45min}}) {
    CHECK(app::resolve(wall(after), berlin(), UtcMs{first} + after + 2s, &live)->at == first + after);
  }
  for (const Millis after : {Millis{15min}, Millis{45min}}) {  // the same on the wall
    CHECK(app::resolve(wall(after), berlin(), UtcMs{first} + 1h + after + 2s, &live)->at ==
          first + 1h + after);
  }
  // All of it at once in the morning, in the order in which it was written down; twice.
  const UtcMs morning = UtcMs{first} + 6h;
  for (int turn = 0; turn < 2; ++turn) {
    DeviceClock late;
    (void)app::resolve(wall(-15min), berlin(), morning, &late);
    CHECK(app::resolve(wall(15min), berlin(), morning, &late)->at == first + 15min);
    CHECK(app::resolve(wall(45min), berlin(), morning, &late)->at == first + 45min);
    CHECK(app::resolve(wall(15min), berlin(), morning, &late)->at == first + 75min);
    CHECK(app::resolve(wall(45min), berlin(), morning, &late)->at == first + 105min);
  }
}
