// The gateway's side and the decoder, where a fault run would not show why.
#include <doctest/doctest.h>

#include "firmware-bridge/decoders/taken_records.hpp"
#include "tests/firmware-bridge/wire/examples.hpp"
#include "tests/firmware-bridge/wire/simulated_gateway.hpp"
#include "tests/firmware-bridge/wire/virtual_device.hpp"

using namespace lintel;
using namespace lintel::bridge;
using test::SimulatedGateway;
using test::VirtualDevice;

namespace {

constexpr SimulatedGateway::Clock::time_point kNow{};

/// Passes what each side has to say until both are silent.
void talk(VirtualDevice& device, SimulatedGateway& gateway, std::uint32_t now) {
  for (int i = 0; i < 20; ++i) {
    gateway.link->receive(device.output(now), kNow + std::chrono::milliseconds(now));
    device.receive(std::exchange(gateway.sent, {}), now);
  }
}

Decoded decode(const std::string& packet, DecodeSession& session) {
  Frame frame;
  frame.payload = packet;
  Decoded decoded;
  decoders::LintelWire().decode(frame, {}, session, decoded);
  return decoded;
}

}  // namespace

TEST_CASE("wire: nothing is acknowledged before its commit") {
  VirtualDevice device(false, 1);
  SimulatedGateway gateway;
  device.event(0, 1, 0, 0);
  talk(device, gateway, 0);
  CHECK(device.waiting() == 1);
  gateway.commit();
  talk(device, gateway, 0);
  CHECK(device.waiting() == 0);
}

TEST_CASE("wire: what was committed and not acknowledged counts once after the restart") {
  VirtualDevice device(false, 1);
  SimulatedGateway gateway;
  device.event(0, 1, 0, 0);
  talk(device, gateway, 0);
  gateway.commit(100, true);
  CHECK(gateway.durable().people.at("DOOR-0042/street") == 1);
  gateway.restart(kNow);
  talk(device, gateway, 2000);
  gateway.commit();
  talk(device, gateway, 2000);
  CHECK(device.waiting() == 0);
  CHECK(gateway.durable().people.at("DOOR-0042/street") == 1);
}

TEST_CASE("wire: a firmware that uses its run again is named, and is counted all the same") {
  VirtualDevice device(false, 7);
  SimulatedGateway gateway;
  for (std::uint32_t now = 0; now < 40'000; now += 10'000) {
    device.event(0, 1, 0, now);
    device.event(0, 1, 0, now);
    talk(device, gateway, now);
    gateway.commit();
    talk(device, gateway, now);
    device.reset(7, now);
    device.receive(wire::make_ask(), now);
    talk(device, gateway, now + 1000);
    talk(device, gateway, now + 3000);
  }
  gateway.commit();
  CHECK(gateway.durable().people.at("DOOR-0042/street") == 8);
  const auto& faults = gateway.durable().reports.back().faults;
  REQUIRE(faults.size() == 2);
  CHECK(faults[0] == "restarted by its watchdog");
  CHECK(faults[1] ==
        "numbers its records from 0 again under run 00000007: its firmware has to choose another run at each "
        "start");
}

TEST_CASE("wire: the time is told with the welcome, and once it has become known") {
  VirtualDevice device(false, 1);
  SimulatedGateway gateway;
  talk(device, gateway, 0);
  CHECK(device.utc(0) == 0);
  gateway.utc = utc_ms(1'785'000'000'000);
  gateway.link->tick(kNow);
  talk(device, gateway, 10);
  CHECK(device.utc(20) == 1'785'000'000'010);
}

TEST_CASE("wire decoder: the documented examples give an event, a total and two reports") {
  DecodeSession session;
  Decoded all;
  for (const auto& example : test::wire_examples()) {
    for (const auto& bytes : {example.packet, example.line}) {
      const auto decoded = decode(bytes, session);
      CHECK(decoded.rejects.empty());
      all.observations.insert(all.observations.end(), decoded.observations.begin(),
                              decoded.observations.end());
      all.reports.insert(all.reports.end(), decoded.reports.begin(), decoded.reports.end());
    }
  }
  REQUIRE(all.observations.size() == 2);  // stuffed again, each was known
  const auto& event = all.observations[0];
  CHECK(event.sensor == "DOOR-0042");
  CHECK(event.kind == Kind::event);
  CHECK(event.line == "street");
  CHECK(event.count_in == 1);
  CHECK(event.count_out == 0);
  CHECK(event.age == Millis{250});
  CHECK(event.repeat_key == "DOOR-0042/2a5f01c3/0");
  const auto& total = all.observations[1];
  CHECK(total.kind == Kind::total);
  CHECK(total.line == "lift");
  CHECK(total.count_in == 1042);
  CHECK_FALSE(total.count_out);
  CHECK(total.counter_run == "2a5f01c3/0");
  REQUIRE(all.reports.size() == 4);
  CHECK(all.reports[0].firmware == "1.4.2");
  CHECK(all.reports[2].uptime_seconds == 86400);
  CHECK(all.reports[2].battery_mv == 4980);
  CHECK(all.reports[2].tampered == false);
  CHECK(all.reports[2].faults == std::vector<std::string>{"something stands before the sensor",
                                                          "weak signal: clean and align the sensor"});
}

TEST_CASE("wire decoder: a line has its number for a name until the hello was heard") {
  DecodeSession session;
  CHECK(decode(test::wire_examples()[1].packet, session).observations.at(0).line == "1");
}

TEST_CASE("wire decoder: records taken out of order, from before a late one, and again") {
  decoders::TakenRecords taken("");
  for (const std::uint32_t number : {5U, 6U, 9U, 0U, 7U, 8U}) CHECK(taken.take(1, number));
  CHECK(taken.note() == "1:0-1,5-a");
  CHECK_FALSE(taken.take(1, 6));
  CHECK(taken.end(1) == 10);
  for (std::uint32_t run = 2; run < 6; ++run) CHECK(taken.take(run, 0));
  CHECK(taken.end(1) == 0);  // heard too long ago
  for (std::uint32_t number = 0; number < 100; number += 2) CHECK(taken.take(9, number));
  CHECK_FALSE(taken.take(9, 1));  // bounded: the lowest gaps are closed
  CHECK(decoders::TakenRecords(taken.note()).note() == taken.note());
  for (const auto* broken : {"", ":", "1", "1:", "1:5", "1:5-", "1:5-3", "x:0-1", " ", "1:0-1,,", "g g"}) {
    CHECK(decoders::TakenRecords(broken).note().size() <= 5);
  }
}
