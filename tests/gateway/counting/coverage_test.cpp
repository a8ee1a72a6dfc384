// Timelines: what happens to a device over a morning, and when it is known to have been counting. Minutes are
// counted from 8:00.
#include "gateway/counting/coverage.hpp"

#include <doctest/doctest.h>

#include "tests/gateway/counting/coverage_bench.hpp"

using namespace lintel;
using namespace lintel::counting;
using namespace lintel::test;
using namespace std::chrono_literals;

TEST_CASE("coverage: windows one after another are one span, also where nobody passed") {
  WatchedDevice device;
  for (int i = 0; i < 6; ++i) device.window(10 * i, 10 * (i + 1), i == 2 ? 5 : 0);
  CHECK(device.of() == "0-60 counting");
}

TEST_CASE("coverage: a window that never came leaves a hole, not a zero") {
  WatchedDevice device;
  device.window(0, 10, 3);
  device.window(20, 30, 1);
  CHECK(device.of() == "0-10 counting, 20-30 counting");
}

TEST_CASE("coverage: stored history fills the hole when it comes late, in any order") {
  WatchedDevice device;
  device.window(0, 10, 3);
  device.window(40, 50, 1);
  device.window(30, 40, 0);
  device.window(10, 20, 2);
  CHECK(device.of() == "0-20 counting, 30-50 counting");
  device.window(20, 30, 0);
  CHECK(device.of() == "0-50 counting");
}

TEST_CASE("coverage: windows that overlap cover their union") {
  WatchedDevice device;
  device.window(0, 10, 3);
  device.window(5, 15, 3);
  device.window(2, 8, 1);
  CHECK(device.of() == "0-15 counting");
}

TEST_CASE(
    "coverage: a count without a window says nothing of when, and its device covers it by being there") {
  WatchedDevice device;
  device.way(0, true);
  device.heard(1);
  device.window(1, 1, 2);
  device.heard(2);
  device.window(2, 2, 0);
  CHECK(device.of() == "1-2 counting");
}

TEST_CASE("coverage: the first total only begins, the next covers the way to it") {
  WatchedDevice device;
  device.total(0, 100);
  CHECK(device.of().empty());
  device.total(10, 100);
  CHECK(device.of() == "0-10 counting");
}

TEST_CASE("coverage: a total closes a silence of hours, for it has counted all the while") {
  WatchedDevice device;
  device.total(0, 100);
  device.total(10, 104);
  device.total(400, 190);
  CHECK(device.of() == "0-400 counting");
}

TEST_CASE("coverage: before a reset people may have been lost, after it none are") {
  WatchedDevice device;
  device.total(0, 1000);
  device.total(10, 1010);
  device.total(20, 4);
  CHECK(device.of() == "0-10 counting");
  device.total(30, 9);
  CHECK(device.of() == "0-10 counting, 20-30 counting");
}

TEST_CASE(
    "coverage: a brief zero after boot is a hole although the old value is back, for it may have been a "
    "reset") {
  WatchedDevice device;
  device.total(0, 1000);
  device.total(10, 1010);
  device.total(11, 0);
  CHECK(device.of() == "0-10 counting");
  device.total(12, 1011);
  CHECK(device.of() == "0-10 counting");
  device.total(13, 1012);
  CHECK(device.of() == "0-10 counting, 12-13 counting");
}

TEST_CASE("coverage: a zero that was a reset covers from when the zero was seen") {
  WatchedDevice device;
  device.total(0, 1000);
  device.total(10, 1010);
  device.total(11, 0);
  device.total(20, 3);
  CHECK(device.of() == "0-10 counting, 11-20 counting");
}

TEST_CASE("coverage: a total of today covers from the midnight it began at") {
  WatchedDevice device;
  device.total(50, 1000);
  device.reset_at = minute(60);
  device.total(65, 5);
  CHECK(device.of() == "60-65 counting");
}

TEST_CASE("coverage: a total of today that was silent since yesterday may have begun anew in between") {
  WatchedDevice device;
  device.total(0, 1000);
  device.reset_at = minute(60);
  device.total(90, 5);
  CHECK(device.of().empty());
  device.total(100, 6);
  CHECK(device.of() == "90-100 counting");
}

TEST_CASE("coverage: another device's total covers nothing before it") {
  WatchedDevice device;
  device.total(0, 1000);
  device.total(10, 900'000);  // nobody passes so quickly
  CHECK(device.of().empty());
  device.total(20, 900'001);
  CHECK(device.of() == "10-20 counting");
}

TEST_CASE("coverage: a repeated statement adds nothing") {
  WatchedDevice device;
  device.window(0, 10, 3);
  device.total(10, 100);
  device.total(20, 101);
  const auto before = device.of();
  device.total(20, 101);
  device.window(0, 10, 3);
  device.total(15, 101);
  CHECK(device.of() == before);
}

TEST_CASE("coverage: a device that states passages covers while it is heard within its patience") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(1);
  device.heard(3);
  device.heard(6);
  device.heard(20);  // it was silent for longer than three minutes
  device.heard(22);
  CHECK(device.of() == "1-6 counting, 20-22 counting");
}

TEST_CASE("coverage: heartbeats at a quiet door cover zeros") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(0);
  for (int i = 1; i <= 60; ++i) device.heard(i);
  CHECK(device.of() == "0-60 counting");
}

TEST_CASE("coverage: a serial link that breaks makes its sensor's series down until it is back") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(0);
  device.heard(2);
  device.way(3, false);
  device.way(4, false);
  device.way(5, false);
  device.way(5.5, true);
  device.heard(5.6);
  device.heard(7);
  CHECK(device.of() == "0-2 counting, 3-5.5 down, 5.6-7 counting");
}

TEST_CASE("coverage: a break of some seconds is a hole where nothing is queued, and not called down") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(0);
  device.heard(1);
  device.way(1.05, false);
  device.way(1.1, true);
  device.heard(2);
  CHECK(device.of() == "0-1 counting");
  device.heard(3);
  CHECK(device.of() == "0-1 counting, 2-3 counting");
}

TEST_CASE("coverage: what the broker keeps for us is no hole, however long the link was away") {
  WatchedDevice device;
  device.way(0, true, true);
  device.passage(0, "", true);
  device.heard(2, true);
  device.way(3, false, true);
  device.way(300, true, true);
  device.heard(301, true);
  CHECK(device.of() == "0-301 counting");
}

TEST_CASE("coverage: messages that nobody queues are lost while the broker is away") {
  WatchedDevice device;
  device.way(0, true, true);
  device.passage(0);
  device.heard(2);
  device.way(3, false, true);
  device.way(4, true, true);
  device.heard(4.5);
  device.heard(5);
  CHECK(device.of() == "0-2 counting, 4.5-5 counting");
}

TEST_CASE("coverage: queued messages with times of their own cover by these times") {
  WatchedDevice device;
  device.way(0, true, true);
  device.passage(0, "", true);
  device.way(1, false, true);
  device.way(200, true, true);
  for (int i = 1; i <= 100; ++i) device.heard(2 * i, true);  // all of them arrive at 200
  CHECK(device.of() == "0-200 counting");
}

TEST_CASE("coverage: a gateway that was down is no hole for what the broker kept, but for what it did not") {
  for (const bool queued : {true, false}) {
    WatchedDevice device;
    device.rules.recall(WatchedDevice::line(), true, minute(10));  // as an earlier run left it
    device.way(60, true, queued);
    device.heard(60.5, queued);
    device.heard(61, queued);
    CHECK(device.of() == (queued ? "10-61 counting" : "60.5-61 counting"));
  }
}

TEST_CASE("coverage: a total after a break of its link covers what was called down") {
  WatchedDevice device;
  device.way(0, true);
  device.total(0, 100);
  device.total(1, 101);
  device.way(2, false);
  device.way(9, false);
  CHECK(device.of() == "0-1 counting, 2-9 down");
  device.way(10, true);
  device.total(11, 140);
  CHECK(device.of() == "0-11 counting");
}

TEST_CASE("coverage: a window that was stored on the device covers a part of what was called down") {
  WatchedDevice device;
  device.way(0, true);
  device.window(0, 10, 1);
  device.way(10, false);
  device.way(40, false);
  device.window(20, 30, 0);
  CHECK(device.of() == "0-10 counting, 10-20 down, 20-30 counting, 30-40 down");
}

TEST_CASE("coverage: a device that says its counter is defective is down, and no total can heal that time") {
  WatchedDevice device;
  device.total(0, 100);
  device.total(10, 101);
  device.wrong(20, 20);
  device.wrong(30, 30);
  CHECK(device.of() == "0-10 counting, 20-30 down");
  device.total(40, 300);
  CHECK(device.of() == "0-20 counting, 20-30 down");
  device.total(50, 301);
  CHECK(device.of() == "0-20 counting, 20-30 down, 40-50 counting");
}

TEST_CASE("coverage: a window that its device calls wrong is down, the next one counts") {
  WatchedDevice device;
  device.window(0, 10, 1);
  device.wrong(10, 20);
  device.window(20, 30, 1);
  device.window(30, 40, 1);
  CHECK(device.of() == "0-10 counting, 10-20 down, 20-40 counting");
}

TEST_CASE("coverage: a last will says down until the device is back") {
  WatchedDevice device;
  device.way(0, true, true);
  device.passage(0, "", true);
  device.heard(2, true);
  device.connected(3, false);
  device.way(10, true, true);
  CHECK(device.of() == "0-2 counting, 3-10 down");
  device.connected(12, true);
  device.heard(12, true);
  device.heard(13, true);
  CHECK(device.of() == "0-2 counting, 3-12 down, 12-13 counting");
}

TEST_CASE("coverage: a device that is heard after its will is back, whatever it says") {
  WatchedDevice device;
  device.way(0, true, true);
  device.passage(0, "", true);
  device.heard(2, true);
  device.connected(2, false);
  device.passage(5, "", true);
  device.heard(6, true);
  CHECK(device.of() == "0-2 counting, 2-5 down, 5-6 counting");
}

TEST_CASE("coverage: a step of the wall clock makes no year of a break") {
  WatchedDevice device;
  device.way(0, true);
  device.window(0, 10, 1);
  device.way(10, false);
  device.way(12, false);
  device.rules.way(WatchedDevice::kSensor, {false, false}, minute(500'000));
  device.rules.way(WatchedDevice::kSensor, {false, false}, minute(500'000.5));
  CHECK(device.of() == "0-10 counting, 10-12 down, 500000-500000.5 down");
  device.rules.way(WatchedDevice::kSensor, {false, false}, minute(13));  // and back
  device.rules.way(WatchedDevice::kSensor, {false, false}, minute(13.5));
  CHECK(device.of() == "0-10 counting, 10-12 down, 13-13.5 down, 500000-500000.5 down");
}

TEST_CASE("coverage: lines of a device are series of their own") {
  WatchedDevice device;
  device.window(0, 10, 1, "north");
  device.window(0, 10, 1, "south");
  device.window(10, 20, 1, "south");
  CHECK(device.of(WatchedDevice::line("north")) == "0-10 counting");
  CHECK(device.of(WatchedDevice::line("south")) == "0-20 counting");
  device.way(30, false);
  device.way(40, false);
  CHECK(device.of(WatchedDevice::line("north")) == "0-10 counting, 30-40 down");
}

TEST_CASE("coverage: levels of a region cover while they keep coming, beside a line of the same name") {
  WatchedDevice device;
  device.way(0, true);
  for (int i = 0; i <= 5; ++i) device.level(i, "1");
  device.level(30, "1");
  CHECK(device.of(WatchedDevice::region("1")) == "0-5 counting");
  CHECK(device.of(WatchedDevice::line("1")).empty());
}

TEST_CASE("coverage: once a device states windows, being heard covers nothing more") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(0);
  device.heard(1);
  device.window(1, 2, 4);
  for (int i = 3; i < 10; ++i) device.heard(i);
  CHECK(device.of() == "0-2 counting");
}

TEST_CASE("coverage: an older sign of life proves nothing new") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(5);
  device.heard(7);
  device.heard(4);
  device.heard(6);
  CHECK(device.of() == "5-7 counting");
}

TEST_CASE(
    "timeline: when the clock is learnt, what was stated moves with it, and the old place is taken back") {
  Timeline line;
  line.lay(span(0, 10));
  line.lay(span(10, 12, CoverageState::down));
  line.lay(span(30, 40));
  line.shift(minute(0), minute(20), 100min);
  CHECK(shown(line.spans()) == "0-12 unknown, 30-40 counting, 100-110 counting, 110-112 down");
  line.shift(minute(0), minute(20), 100min);  // nothing is there any more
  CHECK(shown(line.spans()) == "0-12 unknown, 30-40 counting, 100-110 counting, 110-112 down");
}

TEST_CASE("timeline: a move by less than its own length leaves the rest of the old place unknown") {
  Timeline line;
  line.lay(span(0, 10));
  line.shift(minute(0), minute(10), 4min);
  CHECK(shown(line.spans()) == "0-4 unknown, 4-14 counting");
  line.lay(span(0, 2));
  CHECK(shown(line.spans()) == "0-2 counting, 2-4 unknown, 4-14 counting");
}

TEST_CASE("timeline: a move takes only what lies in the time that was wrong") {
  Timeline line;
  line.lay(span(0, 30));
  line.shift(minute(10), minute(20), -60min);
  CHECK(shown(line.spans()) == "-50--40 counting, 0-10 counting, 10-20 unknown, 20-30 counting");
}

TEST_CASE("coverage: after the clock is learnt, signs of life go on from where they moved to") {
  WatchedDevice device;
  device.way(0, true);
  device.passage(0);
  device.heard(1);
  device.rules.shift(minute(-10), minute(10), 600min);
  device.lines[WatchedDevice::line()].shift(minute(-10), minute(10), 600min);
  device.heard(602);
  CHECK(device.of() == "0-1 unknown, 600-602 counting");
}

TEST_CASE("timeline: a span that is none changes nothing") {
  Timeline line;
  line.lay(span(5, 5));
  line.lay(span(5, 4));
  CHECK(line.spans().empty());
}
