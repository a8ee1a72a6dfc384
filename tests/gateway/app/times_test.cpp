#include "gateway/app/times.hpp"

#include <doctest/doctest.h>

#include "firmware-bridge/core/topic.hpp"
#include "gateway/app/pipeline.hpp"

using namespace lintel;
using namespace std::chrono_literals;
using bridge::DeviceTime;
using bridge::Kind;
using bridge::Observation;

namespace {

const UtcMs kArrival = utc_ms(1'785'000'000'000);

clock::Zone zone(const char* name) {
  return *clock::Zone::find(name);
}

Observation window(UtcMs from, UtcMs to) {
  Observation observation;
  observation.from = DeviceTime{from, false};
  observation.to = DeviceTime{to, false};
  observation.time = observation.to;
  observation.count_in = 1;
  return observation;
}

}  // namespace

TEST_CASE("times: a believable device clock is used as it is") {
  const auto statement = app::resolve(window(kArrival - 61s, kArrival - 1s), zone("UTC"), kArrival);
  REQUIRE(statement);
  CHECK(statement->from == kArrival - 61s);
  CHECK(statement->at == kArrival - 1s);
  CHECK(statement->flags == 0);
}

TEST_CASE("times: a clock that is unset or ahead gives way to the arrival, and the window keeps its length") {
  for (const UtcMs end : {utc_ms(60'000), kArrival + 24h}) {
    const auto statement = app::resolve(window(end - 60s, end), zone("UTC"), kArrival);
    REQUIRE(statement);
    CHECK(statement->at == kArrival);
    CHECK(statement->from == kArrival - 60s);
    CHECK(statement->flags == store::kArrivalTime);
  }
}

TEST_CASE("times: local device times are read in the sensor's zone") {
  Observation observation;
  observation.kind = Kind::total;
  observation.time = DeviceTime{kArrival + 2h, true};
  const auto statement = app::resolve(observation, zone("Europe/Berlin"), kArrival);
  REQUIRE(statement);
  CHECK(statement->at == kArrival);
  CHECK(statement->flags == 0);
}

TEST_CASE("times: without a time the arrival counts, unmarked") {
  Observation observation;
  observation.kind = Kind::event;
  const auto statement = app::resolve(observation, zone("UTC"), kArrival);
  REQUIRE(statement);
  CHECK(statement->at == kArrival);
  CHECK(statement->flags == 0);
}

TEST_CASE("times: a window that ends before it starts is refused by name") {
  const auto statement = app::resolve(window(kArrival, kArrival - 60s), zone("UTC"), kArrival);
  REQUIRE_FALSE(statement);
  CHECK(statement.error().kind == ErrorKind::rejected);
  CHECK(statement.error().message.find("window") != std::string::npos);
}

TEST_CASE("topics: filters match as MQTT says") {
  CHECK(bridge::topic_matches("bus/+/telemetry", "bus/door2/telemetry"));
  CHECK_FALSE(bridge::topic_matches("bus/+/telemetry", "bus/door2/telemetry/x"));
  CHECK_FALSE(bridge::topic_matches("bus/+/telemetry", "bus/telemetry"));
  CHECK(bridge::topic_matches("bus/#", "bus/a/b"));
  CHECK(bridge::topic_matches("bus/#", "bus"));
  CHECK_FALSE(bridge::topic_matches("bus/#", "busses"));
  CHECK(bridge::topic_matches("+/+", "/a"));
  CHECK(bridge::topic_matches("a#b", "a#b"));
  CHECK(bridge::topic_matches("", "anything"));
}

TEST_CASE("times: an age is taken from the arrival") {
  Observation event;
  event.kind = Kind::event;
  event.count_in = 1;
  event.age = 90s;
  const auto statement = app::resolve(event, zone("UTC"), kArrival);
  REQUIRE(statement);
  CHECK(statement->at == kArrival - 90s);
  CHECK(statement->flags == 0);
  event.age = std::chrono::days{4000};
  CHECK(app::resolve(event, zone("UTC"), kArrival)->at == kArrival);
}
