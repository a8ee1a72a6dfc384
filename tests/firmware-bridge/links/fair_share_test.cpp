#include "firmware-bridge/links/fair_share.hpp"

#include <doctest/doctest.h>

#include "tests/firmware-bridge/links/frames.hpp"
#include "tests/support/temp_dir.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;
using bridge::Frame;
using bridge::links::FairShare;
using bridge::links::Position;

namespace {

struct Got {
  int mad = 0, good = 0, acknowledged = 0;
};

Got read_all(bridge::links::Spool& spool) {
  Got got;
  Position position;
  Frame frame;
  std::string buffer;
  while (spool.read(position, frame, buffer)) {
    ++(frame.qos == 1 ? got.acknowledged : frame.topic == "mad" ? got.mad : got.good);
  }
  return got;
}

}  // namespace

TEST_CASE("fair share: in a crowd a flooding topic is cut, others and what was acknowledged never") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  std::vector<std::string> said;
  FairShare fair(*spool, {.per_second = 100, .crowded_bytes = 100'000, .log = [&](const std::string& text) {
                            said.push_back(text);
                          }});
  const std::string garbage(100, '#');
  for (int i = 0; i < 20'000; ++i) {
    auto frame = frame_of(garbage);
    frame.topic = "mad";
    frame.qos = 0;
    frame.arrived = 50us * i;  // 20,000 a second
    REQUIRE(fair.append(frame));
    if (i % 1000 == 0) {
      frame.topic = "good";
      REQUIRE(fair.append(frame));
      auto packet = packet_of(static_cast<std::uint16_t>(1 + i / 1000), garbage, false);
      packet.topic = "mad";
      packet.arrived = frame.arrived;
      REQUIRE(fair.append(packet));
    }
  }
  const auto got = read_all(*spool);
  CHECK(got.good == 20);
  CHECK(got.acknowledged == 20);
  CHECK(got.mad < 1000);
  CHECK(got.mad >= 100);
  CHECK(fair.dropped() == 20'000 - got.mad);
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("topic mad") != std::string::npos);
}

TEST_CASE("fair share: while there is room nothing is cut, however fast it comes") {
  const TempDir dir;
  auto spool = open_spool(in_dir(dir.path()));
  FairShare fair(*spool, {});
  for (int i = 0; i < 5000; ++i) {
    auto frame = frame_of("1");
    frame.qos = 0;
    REQUIRE(fair.append(frame));
  }
  CHECK(fair.dropped() == 0);
}
