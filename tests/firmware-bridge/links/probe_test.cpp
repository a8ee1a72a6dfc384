#include "firmware-bridge/links/probe.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "firmware-bridge/decoders/registry.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/serial_bus.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::links::probe_port;
using bridge::links::ProbeOptions;

namespace {

const std::string kRadar =
    bridge::from_hex("aaff03000e03b186100040010000000000000000000000000000000055cc").value();

ProbeOptions options() {
  ProbeOptions result;
  for (const auto& decoder : bridge::decoders::Registry::built_in().all())
    result.decoders.push_back(decoder.get());
  result.listen = 250ms;
  return result;
}

/// A device that speaks at one rate; at all others it is garbage, as a UART makes it.
class Talker {
 public:
  Talker(SerialBus& bus, std::string bytes, unsigned baud)
      : device_(bus.attach()), thread_([this, &bus, bytes = std::move(bytes), baud] {
          bus.disturb([baud](std::string heard, unsigned heard_at) {
            if (heard_at == baud) return heard;
            for (char& c : heard) c = static_cast<char>((c << 3 ^ c) | 0x80);
            return heard;
          });
          const auto tty =
              std::unique_ptr<FILE, int (*)(FILE*)>(std::fopen(device_.c_str(), "w"), std::fclose);
          while (!stopping_) {
            std::fwrite(bytes.data(), 1, bytes.size(), tty.get());
            std::fflush(tty.get());
            std::this_thread::sleep_for(20ms);
          }
        }) {}
  ~Talker() {
    stopping_ = true;
    thread_.join();
  }
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;

 private:
  std::string device_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("probe: a radar is recognised at its own speed and nowhere else") {
  const TempDir dir;
  SerialBus bus(dir.path() / "tty");
  const Talker radar(bus, kRadar, 256000);
  const auto found = probe_port(dir.path() / "tty", options());
  REQUIRE_MESSAGE(found.has_value(), found.error().message);
  REQUIRE(found->size() == 1);
  CHECK(found->front().format.baud == 256000);
  CHECK(found->front().decoder == "hilink-ld2450");
  CHECK(found->front().checked);
  CHECK(found->front().recognised >= 5);
  CHECK(found->front().sample == bridge::to_hex(kRadar));
}

TEST_CASE("probe: lines that a decoder knows are named with a sample, others are still text") {
  const TempDir dir;
  SerialBus bus(dir.path() / "tty");
  SUBCASE("known") {
    const Talker board(bus, "Walk In, People Count=3\r\n", 460800);
    const auto found = probe_port(dir.path() / "tty", options());
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    CHECK(found->front().format.baud == 460800);
    CHECK(found->front().decoder == "st-vl53l1x-arduino-lines");
    CHECK(found->front().sample == "Walk In, People Count=3");
    CHECK_FALSE(found->front().checked);
  }
  SUBCASE("unknown") {
    const Talker board(bus, "T=21.5;H=40\n", 9600);
    const auto found = probe_port(dir.path() / "tty", options());
    REQUIRE(found.has_value());
    REQUIRE_FALSE(found->empty());
    CHECK(found->front().format.baud == 9600);
    CHECK(found->front().decoder.empty());
    CHECK(found->front().sample.find("T=21.5;H=40") != std::string::npos);
  }
}

TEST_CASE("probe: a silent line gives nothing, and nothing is sent to it") {
  const TempDir dir;
  SerialBus bus(dir.path() / "tty");
  auto quick = options();
  quick.listen = 20ms;
  const auto found = probe_port(dir.path() / "tty", quick);
  REQUIRE(found.has_value());
  CHECK(found->empty());
  CHECK(bus.said().empty());
}

TEST_CASE("probe: Modbus units that are named are asked, at one speed after the other until one answers") {
  const TempDir dir;
  SerialBus bus(dir.path() / "tty");
  std::vector<std::string> words{LINTEL_MODBUS_SLAVE, bus.attach(), "90", "60", "0"};
  for (int i = 0; i < 16; ++i) words.push_back("0");
  const auto slave = Process::spawn(words);
  auto asking = options();
  asking.units = {89, 90};
  const auto found = probe_port(dir.path() / "tty", asking);
  REQUIRE_MESSAGE(found.has_value(), found.error().message);
  REQUIRE(found->size() == 1);
  CHECK(found->front().decoder == "wirenboard-wb-mcm8-modbus");
  CHECK(found->front().what == "a Modbus unit at address 90 answers");
}

TEST_CASE("probe: a port that is in use, or not there, is refused in words") {
  const TempDir dir;
  const auto missing = probe_port(dir.path() / "nowhere", options());
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().message.find("is not there") != std::string::npos);
  SerialBus bus(dir.path() / "tty");
  const auto held = bridge::links::open_serial(dir.path() / "tty", {});
  REQUIRE(held.has_value());
  const auto refused = probe_port(dir.path() / "tty", options());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("in use by another program") != std::string::npos);
}
