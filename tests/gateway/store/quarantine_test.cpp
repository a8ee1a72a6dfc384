#include "gateway/store/quarantine.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include <fmt/format.h>

#include "gateway/store/redact.hpp"
#include "gateway/store/store.hpp"
#include "tests/gateway/status/bench.hpp"

using namespace lintel;
using namespace lintel::store;
using namespace std::chrono_literals;

namespace {

constexpr const char* kSalt = "6f9d3a52-4b3e-4d3c-9d0e-1c2b3a4d5e6f";

Redacted redacted(std::string_view payload, std::string_view topic = "bus/1") {
  return redact(payload, topic, kSalt);
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("redact: pictures and long base64 go, the counts beside them stay as they were") {
  const std::string picture(2000, 'A');
  const auto kept = redacted(R"({"total": {"in": 5}, "shot": ")" + picture + R"(", "x": "/9j/4AAQ"})");
  CHECK(kept.removed == 2);
  CHECK(kept.payload.starts_with(R"({"total": {"in": 5}, "shot": "[removed 2000 bytes, #)"));
  CHECK_FALSE(holds(kept.payload, "/9j/"));
}

TEST_CASE("redact: the base64 that a network server wraps counts in stays") {
  const std::string uplink = R"({"data": "AXVkA2cYAQRozgXMAAAAAAEC", "fPort": 85})";
  CHECK(redacted(uplink).payload == uplink);
  CHECK(redacted(uplink).removed == 0);
}

TEST_CASE("redact: phones' addresses and scans go, the device's own address stays") {
  const auto kept = redacted(
      R"({"device_mac": "24:E1:24:FA:0C:6C", "sensor_info": {"serial_number": "80:1F:12:D5:30:DC"},)"
      R"( "seen": [{"mac": "AA:BB:CC:11:22:33", "rssi": -60}], "ssid": "Anna's phone", "faces": 3})");
  CHECK(holds(kept.payload, "24:E1:24:FA:0C:6C"));
  CHECK(holds(kept.payload, "80:1F:12:D5:30:DC"));
  CHECK_FALSE(holds(kept.payload, "AA:BB"));
  CHECK_FALSE(holds(kept.payload, "Anna"));
  CHECK(holds(kept.payload, R"("faces": 3)"));
  CHECK(kept.removed == 2);
  CHECK(holds(redacted("<e><macAddress>44:47:cc:50:00:c1</macAddress></e>").payload, "44:47:cc:50:00:c1"));
  CHECK_FALSE(holds(redacted("probe 44:47:cc:50:00:c1 -60").payload, "44:47"));
  CHECK(holds(redacted("probe 44:47:cc:50:00:c1", "bus/44:47:cc:50:00:c1").payload, "44:47"));
}

TEST_CASE("redact: text that is no sound JSON is cleaned all the same, at every place it may end") {
  const std::string text = R"({"a": [{"mac": "AA:BB:CC:11:22:33"}], "wifi": {"list": ["Anna"]}, "in": 4)";
  CHECK(holds(redacted(text).payload, R"("in": 4)"));
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const auto kept = redacted(std::string_view(text).substr(0, n)).payload;
    CHECK_FALSE(holds(kept, "AA:BB:CC:11:22:33"));
    CHECK_FALSE(holds(kept, "Anna\""));
  }
}

TEST_CASE("redact: a multipart push loses its picture, a counter's packet stays, large binary does not") {
  const auto kept =
      redacted("--b\r\n\r\n<in>3</in>\r\n--b\r\n\r\n\xFF\xD8\xFF\xE0 pixels \x01\x02\r\n--b--\r\n");
  CHECK(holds(kept.payload, "<in>3</in>"));
  CHECK(holds(kept.payload, "--b--"));
  CHECK_FALSE(holds(kept.payload, "pixels"));
  const std::string packet("\x01\x03\x04\x00\x05\x00\x02\xAB\xCD", 9);
  CHECK(redacted(packet).payload == packet);
  CHECK(redacted(std::string(5000, '\x01')).emptied);
}

TEST_CASE("redact: megabytes of quotes, brackets and addresses take time in proportion") {
  const auto before = std::chrono::steady_clock::now();
  for (const auto* piece : {"\"", "{\"ssid\":[", "AA:BB:CC:11:22:33,", "/9j/", "<"}) {
    std::string text;
    while (text.size() < 65'536) text += piece;
    (void)redacted(text);
  }
  CHECK(std::chrono::steady_clock::now() - before < 2s);
}

TEST_CASE("quarantine: one topic that babbles takes neither rows nor budget from the others of its link") {
  test::StoreBench bench;
  auto& quarantine = bench.store().quarantine();
  bridge::Frame frame;
  frame.link = "broker";
  frame.payload = "garbage";
  bench.store().begin();
  for (int second = 0; second < 400; ++second) {
    frame.arrived = std::chrono::seconds{second};
    for (int i = 0; i < 20; ++i) {
      frame.topic = "mad";
      quarantine.keep(frame, {"d", "integrity", "no JSON"}, bench.day_begin());
    }
    if (second % 40 != 0) continue;
    const auto topic = fmt::format("door/{}", second);
    frame.topic = topic;
    quarantine.keep(frame, {"d", "integrity", "no JSON"}, bench.day_begin());
    frame.topic = {};
  }
  bench.store().commit({1, 1}, "", bench.day_begin());
  auto& db = bench.store().db();
  CHECK(db.scalar("select count(*) from quarantine where topic = 'mad'") == Quarantine::kMostPerSource);
  CHECK(db.scalar("select count(*) from quarantine where topic <> 'mad'") == 10);
  CHECK(quarantine.refused() == 8010);
}

TEST_CASE("quarantine: a device that invents a topic for every message is held by its link's budget") {
  test::StoreBench bench;
  auto& quarantine = bench.store().quarantine();
  bridge::Frame frame;
  frame.link = "broker";
  const std::string payload(60'000, '?');
  frame.payload = payload;
  bench.store().begin();
  for (int i = 0; i < 20'000; ++i) {
    const auto topic = fmt::format("mad/{}", i);
    frame.topic = topic;
    frame.arrived = std::chrono::milliseconds{10 * i};
    quarantine.keep(frame, {"d", "integrity", "no JSON"}, bench.day_begin());
  }
  bench.store().commit({1, 1}, "", bench.day_begin());
  auto& db = bench.store().db();
  CHECK(db.scalar("select count(*) from quarantine") <= Quarantine::kMostPerLink);
  CHECK(db.scalar("select sum(length(payload)) from quarantine") <= Quarantine::kMostBytesPerLink);
  CHECK(db.scalar("select count(*) from quarantine where topic = 'mad/19999'") <= 1);
}
