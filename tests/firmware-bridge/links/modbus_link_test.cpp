// The link against libmodbus's own server side, over pseudo terminals that hear one another as RS-485 does.
#include "firmware-bridge/links/modbus_link.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/serial_bus.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::from_hex;
using bridge::modbus_crc;
using bridge::modbus_request;
using bridge::ModbusRead;
using bridge::to_hex;
using bridge::links::LineDirection;
using bridge::links::ModbusLink;

namespace {

constexpr ModbusRead kRead{4, 60, 4};
const std::string kRequest = "5a04003c00043cee";
const std::string kAnswer = "5a040800000048000000c8e1b0";  // 72 and 200

/// A bus with a link on it that is not started yet.
struct Bench {
  TempDir dir;
  MemorySink sink;
  SerialBus bus{dir.path() / "by-id"};
  std::vector<Process> slaves;
  ModbusLink::Options options;
  std::unique_ptr<ModbusLink> link;

  Bench() {
    options.name = "bus";
    options.bus.device = dir.path() / "by-id";
    options.bus.format = {9600, 8, 'N', 2};
    options.bus.answer_timeout = 300ms;
    options.units = {90};
    options.reads = {kRead};
    options.interval = 20ms;
    options.boot_clock = [] { return BootTime(std::chrono::steady_clock::now().time_since_epoch()); };
  }
  void slave(int unit, int delay = 0, std::vector<std::string> values = {"0", "72", "0", "200"}) {
    std::vector<std::string> words{LINTEL_MODBUS_SLAVE, bus.attach(), std::to_string(unit), "60",
                                   std::to_string(delay)};
    words.insert(words.end(), values.begin(), values.end());
    slaves.push_back(Process::spawn(words));
  }
  void start() {
    link = std::make_unique<ModbusLink>(options, sink);
    link->start();
  }
  [[nodiscard]] bool await_frames(std::size_t least) const {
    return eventually([&] { return sink.kept().size() >= least; });
  }
  [[nodiscard]] bool await_trouble(const std::string& part) const {
    return eventually([&] { return link->state().trouble.find(part) != std::string::npos; });
  }
  [[nodiscard]] bool only_right_answers() const {
    const auto kept = sink.kept();
    return std::all_of(kept.begin(), kept.end(), [](const auto& frame) {
      return frame.topic == kRequest && to_hex(frame.payload) == kAnswer;
    });
  }
  ~Bench() {
    if (link) link->stop();
  }
};

std::string with_crc(std::string bytes) {
  const unsigned crc = modbus_crc(bytes);
  bytes += static_cast<char>(crc & 0xFF);
  bytes += static_cast<char>(crc >> 8);
  return bytes;
}

}  // namespace

TEST_CASE("modbus: an answer becomes a frame, checksum included, addressed by its request") {
  Bench bench;
  bench.slave(90);
  bench.start();
  REQUIRE(bench.await_frames(3));
  CHECK(bench.only_right_answers());
  const auto state = bench.link->state();
  CHECK(state.up);
  CHECK(state.type == "modbus");
  CHECK(state.frames >= 3);
  CHECK(state.silent.empty());
}

TEST_CASE("modbus: an exception is an answer") {
  Bench bench;
  bench.slave(90);
  bench.options.reads = {{4, 200, 4}};
  bench.start();
  REQUIRE(bench.await_frames(1));
  CHECK(bench.sink.kept()[0].topic == "5a0400c800047d1c");
  CHECK(to_hex(bench.sink.kept()[0].payload) == "5a8402b312");
  CHECK(bench.link->state().silent.empty());
}

TEST_CASE(
    "modbus: a unit that does not answer is named after three rounds, and the others are read meanwhile") {
  Bench bench;
  bench.slave(90);
  bench.options.units = {90, 91};
  bench.options.bus.answer_timeout = 100ms;
  bench.start();
  REQUIRE(eventually([&] { return !bench.link->state().silent.empty(); }));
  auto state = bench.link->state();
  CHECK(state.up);
  REQUIRE(state.silent.count("slave 91") == 1);
  CHECK(state.silent.at("slave 91") == "slave 91 does not answer");
  CHECK(state.trouble == "slave 91 does not answer");
  const auto before = bench.sink.kept().size();
  CHECK(before >= 3);
  bench.slave(91);
  REQUIRE(eventually([&] { return bench.link->state().silent.empty(); }));
  CHECK(bench.link->state().trouble.empty());
  CHECK(bench.sink.kept().size() > before);
}

TEST_CASE("modbus: where nobody answers the link is down and says what to check") {
  Bench bench;
  bench.options.bus.answer_timeout = 50ms;
  bench.start();
  REQUIRE(eventually([&] { return !bench.link->state().silent.empty(); }));
  REQUIRE(eventually([&] { return !bench.link->state().up; }));
  const auto trouble = bench.link->state().trouble;
  CHECK(trouble.find("no unit answers on " + bench.options.bus.device.string()) != std::string::npos);
  CHECK(trouble.find("A and B") != std::string::npos);
  bench.slave(90);
  REQUIRE(bench.await_frames(1));
  CHECK(eventually([&] { return bench.link->state().up; }));
}

TEST_CASE("modbus: a damaged answer is asked for again and never passed on") {
  Bench bench;
  bench.slave(90);
  int count = 0;
  bench.bus.disturb([&count](std::string bytes, unsigned) {
    if (++count % 2 == 1) bytes[static_cast<std::size_t>(count) / 2 % bytes.size()] ^= 0x10;
    return bytes;
  });
  bench.start();
  REQUIRE(bench.await_frames(15));
  CHECK(bench.only_right_answers());
  CHECK(bench.link->state().silent.empty());
  CHECK(bench.await_trouble("went wrong and were repeated"));
}

TEST_CASE("modbus: noise on the line costs questions, never a wrong answer") {
  Bench bench;
  bench.slave(90);
  unsigned seed = 7;
  bench.bus.disturb([&seed](const std::string& bytes, unsigned) {
    seed = seed * 1103515245 + 12345;
    if (seed >> 16 & 1) return bytes;
    return std::string((seed >> 20) % 9, static_cast<char>(seed >> 24)) + bytes;
  });
  bench.start();
  REQUIRE(bench.await_frames(15));
  CHECK(bench.only_right_answers());
}

TEST_CASE("modbus: an answer that is cut off, and one of another unit, are nobody's") {
  Bench bench;
  bench.slave(90);
  bench.options.bus.answer_timeout = 100ms;
  SUBCASE("cut off") {
    bench.bus.disturb([](const std::string& bytes, unsigned) { return bytes.substr(0, bytes.size() / 2); });
    bench.start();
    REQUIRE(eventually([&] { return !bench.link->state().silent.empty(); }));
    CHECK(bench.link->state().silent.at("slave 90") == "slave 90 answers with a wrong checksum");
  }
  SUBCASE("another unit") {
    bench.bus.disturb([](const std::string& bytes, unsigned) {
      return with_crc("\x5B" + bytes.substr(1, bytes.size() - 3));
    });
    bench.start();
    REQUIRE(eventually([&] { return !bench.link->state().silent.empty(); }));
    CHECK(bench.link->state().silent.at("slave 90") == "slave 90 gets another unit's answer");
  }
  CHECK(bench.sink.kept().empty());
}

TEST_CASE("modbus: an adapter that hears itself is read with echo = yes") {
  Bench bench;
  bench.slave(90);
  bench.bus.echo(true);
  bench.options.bus.echo = true;
  bench.start();
  REQUIRE(bench.await_frames(3));
  CHECK(bench.only_right_answers());
}

TEST_CASE("modbus: an answer that comes too late is never taken for that to another question") {
  Bench bench;
  bench.slave(90, 150, {"1", "2", "3", "4"});
  bench.options.bus.answer_timeout = 100ms;
  bench.options.reads = {{4, 60, 1}, {4, 61, 1}, {4, 62, 1}, {4, 63, 1}};
  bench.start();
  REQUIRE(bench.await_frames(8));
  for (const auto& frame : bench.sink.kept()) {
    const auto request = bridge::parse_modbus_request(from_hex(frame.topic).value());
    REQUIRE(request);
    REQUIRE(frame.payload.size() == 7);
    CHECK(frame.payload[4] == static_cast<char>(request->read.address - 59));
  }
}

TEST_CASE("modbus: an adapter that comes back as another tty is used again under its name") {
  Bench bench;
  bench.slave(90);
  bench.start();
  REQUIRE(bench.await_frames(2));
  bench.bus.unplug();
  REQUIRE(eventually([&] { return !bench.link->state().up; }));
  CHECK(bench.await_trouble(bench.options.bus.device.string()));
  const auto before = bench.sink.kept().size();
  bench.bus.plug();
  REQUIRE(bench.await_frames(before + 2));
  CHECK(bench.only_right_answers());
  CHECK(bench.link->state().up);
}

TEST_CASE("modbus: a rate that libmodbus does not know is set all the same") {
  Bench bench;
  bench.slave(90);
  bench.options.bus.format.baud = 31250;
  bench.start();
  REQUIRE(bench.await_frames(1));
  CHECK(bench.bus.baud() == 31250);
}

TEST_CASE("modbus: the link ends at once, also while it waits for an answer or between two rounds") {
  Bench bench;
  bench.options.bus.answer_timeout = 10'000ms;
  SUBCASE("waiting for an answer") {}
  SUBCASE("between two rounds") {
    bench.slave(90);
    bench.options.interval = 60'000ms;
  }
  bench.start();
  REQUIRE(eventually([&] { return !bench.bus.said().empty(); }));
  if (!bench.slaves.empty()) REQUIRE(bench.await_frames(1));
  const auto before = std::chrono::steady_clock::now();
  bench.link->stop();
  CHECK(std::chrono::steady_clock::now() - before < 2s);
}

TEST_CASE("modbus: an answer that cannot be kept is offered again, with the time it came") {
  Bench bench;
  bench.slave(90);
  bench.sink.refuse(true);
  bench.start();
  REQUIRE(eventually([&] { return bench.sink.refused() >= 2; }));
  CHECK(bench.await_trouble("cannot be kept"));
  const BootTime refused_until(std::chrono::steady_clock::now().time_since_epoch());
  CHECK(bench.bus.said().size() == 8);  // nothing else was asked meanwhile
  bench.sink.refuse(false);
  REQUIRE(bench.await_frames(1));
  CHECK(bench.sink.kept()[0].arrived < refused_until);
  CHECK(eventually([&] { return bench.link->state().trouble.empty(); }));
}

TEST_CASE("modbus: what cannot turn the line, or is no line at all, is refused in words") {
  Bench bench;
  SUBCASE("no driver") {
    bench.options.bus.direction = LineDirection::kernel;
    bench.start();
    CHECK(bench.await_trouble("rs485 = auto"));
  }
  SUBCASE("no device") {
    bench.bus.unplug();
    bench.start();
    CHECK(bench.await_trouble("is not there"));
  }
  SUBCASE("a file") {
    bench.bus.unplug();
    std::ofstream(bench.options.bus.device) << "text";
    bench.start();
    CHECK(bench.await_trouble("is no serial device"));
  }
}
