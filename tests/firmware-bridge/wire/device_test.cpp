// The firmware's side alone: what it keeps, sends again, merges and takes over after a reset.
#include <doctest/doctest.h>

#include "firmware-bridge/wire/packet.hpp"
#include "tests/firmware-bridge/wire/virtual_device.hpp"

using namespace lintel;
using namespace lintel::bridge;
using test::VirtualDevice;

namespace {

constexpr std::string_view kSerial = "DOOR-0042";

std::vector<wire::Record> records_in(const std::string& bytes) {
  std::vector<wire::Record> records;
  wire::Cutter cutter;
  std::string unstuffed;
  cutter.feed(bytes, [&](std::string_view stuffed) {
    REQUIRE(wire::unstuff(stuffed, unstuffed));
    const auto packet = wire::read_packet(unstuffed);
    REQUIRE(packet);
    if (packet->type == wire::Type::record) records.push_back(wire::read_record(*packet).value());
  });
  return records;
}

void welcome(VirtualDevice& device, std::uint32_t now) {
  (void)device.output(now);
  device.receive(wire::make_welcome(kSerial, device.run(), std::nullopt), now);
}

}  // namespace

TEST_CASE(
    "wire device: sends a window, and again from the first that is not acknowledged, ever more slowly") {
  VirtualDevice device(false, 1);
  for (int i = 0; i < 10; ++i) device.event(0, 1, 0, 0);
  welcome(device, 0);
  CHECK(records_in(device.output(0)).size() == 4);
  CHECK(device.output(999).empty());
  CHECK(records_in(device.output(1000)).size() == 4);
  CHECK(device.output(2999).empty());
  CHECK(records_in(device.output(3000)).front().number == 0);
  device.receive(wire::make_ack(kSerial, 1, 3), 3000);
  const auto next = records_in(device.output(3000));
  REQUIRE(next.size() == 3);
  CHECK(next.front().number == 4);
  CHECK(next.front().behind == 1);
  CHECK(next.front().age == Millis{3000});
}

TEST_CASE("wire device: an acknowledgement of what was never sent, or for another, changes nothing") {
  VirtualDevice device(false, 1);
  for (int i = 0; i < 10; ++i) device.event(0, 1, 0, 0);
  welcome(device, 0);
  (void)device.output(0);
  device.receive(wire::make_ack(kSerial, 1, 5), 0);
  device.receive(wire::make_ack(kSerial, 2, 4), 0);
  device.receive(wire::make_ack("DOOR-0043", 1, 4), 0);
  CHECK(device.waiting() == 10);
  device.receive(wire::make_ack(kSerial, 1, 4), 0);
  CHECK(device.waiting() == 6);
}

TEST_CASE("wire device: with nobody to send to, passages share records and no person is lost") {
  VirtualDevice device(false, 1);
  for (int i = 0; i < 1000; ++i) {
    device.event(0, 1, 0, 0);
    device.event(1, 2, 0, 0);
    device.total(1, static_cast<std::uint32_t>(i));
    (void)device.output(static_cast<std::uint32_t>(i));
  }
  std::int64_t street = 0, lift = 0;
  welcome(device, 2000);
  for (std::uint32_t now = 2000; device.waiting() > 0; now += 10) {
    const auto records = records_in(device.output(now));
    REQUIRE_FALSE(records.empty());
    for (const auto& record : records) {
      if (record.kind == wire::Record::Kind::event)
        (record.line == 0 ? street : lift) += record.count_in.value();
    }
    device.receive(wire::make_ack(kSerial, 1, records.back().number + 1), now);
  }
  CHECK(street == 1000);
  CHECK(lift == 2000);
  CHECK(device.lost() == 0);
  CHECK(device.merged() > 2000);
}

TEST_CASE("wire device: of a line's totals one waits, and the newest follows it") {
  VirtualDevice device(false, 1);
  welcome(device, 0);
  for (std::uint32_t total = 1; total < 50; ++total) {
    device.total(1, total);
    (void)device.output(0);
  }
  CHECK(device.waiting() == 1);
  device.receive(wire::make_ack(kSerial, 1, 1), 0);
  const auto next = records_in(device.output(0));
  REQUIRE(next.size() == 1);
  CHECK(next[0].count_in == 49);
}

TEST_CASE("wire device: memory that survives goes on in its run, other memory begins a new one") {
  VirtualDevice device(true, 1);
  for (int i = 0; i < 3; ++i) device.event(0, 1, 0, 0);
  device.reset(2, 500);
  CHECK(device.run() == 1);
  CHECK(device.waiting() == 3);
  welcome(device, 500);
  const auto records = records_in(device.output(600));
  REQUIRE(records.size() == 3);
  CHECK_FALSE(records[0].age);  // the clock began anew
  CHECK(records[0].life == 0);
  device.event(0, 1, 0, 600);
  CHECK(records_in(device.output(600)).at(0).life == 1);

  VirtualDevice forgetful(false, 1);
  forgetful.event(0, 1, 0, 0);
  forgetful.reset(2, 500);
  CHECK(forgetful.run() == 2);
  CHECK(forgetful.waiting() == 0);
}

TEST_CASE(
    "wire device: whatever byte of its memory is damaged, no number is given twice and no count invented") {
  for (std::size_t at = 0; at < device_memory_size(); ++at) {
    VirtualDevice device(true, 1);
    welcome(device, 0);
    for (int i = 0; i < 4; ++i) device.event(0, 1, 0, 0);
    (void)device.output(0);
    device.receive(wire::make_ack(kSerial, 1, 2), 0);
    device.event(0, 1, 0, 0);
    (void)device.output(0);
    device.damage(at, 0x41);
    device.reset(2, 10);
    CAPTURE(at);
    if (device.run() == 2) {
      CHECK(device.waiting() == 0);
      continue;
    }
    CHECK(device.run() == 1);
    device.event(0, 0, 1, 10);
    welcome(device, 10);
    for (const auto& record : records_in(device.output(10))) {
      const bool fresh = record.number >= 5;
      const std::int64_t people = record.count_in.value_or(0) + record.count_out.value_or(0);
      CHECK(people <= 1);
      if (fresh) CHECK(record.count_out == 1);
      if (!fresh) CHECK(record.count_out.value_or(0) == 0);
    }
  }
}
