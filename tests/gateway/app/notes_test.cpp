// What decoders remember of devices, through the pipeline into a real database and back.
#include <memory>

#include <doctest/doctest.h>

#include "firmware-bridge/decoders/registry.hpp"
#include "gateway/app/pipeline.hpp"
#include "tests/support/sparkplug_message.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/utc_calendar.hpp"

using namespace lintel;
using namespace lintel::test;
using namespace std::chrono_literals;

namespace {

const UtcMs kArrival = utc_ms(1'719'835'300'000);
constexpr std::uint64_t kSent = 1'719'835'200'000;

config::Config plant(const std::string& topic) {
  config::Config config;
  config::Link link;
  link.name = "plant";
  link.subscriptions = {{"sparkplug-b", topic}};
  config.links = {link};
  return config;
}

/// The writer's half of a gateway, from start to end.
struct Life {
  std::unique_ptr<store::Store> store;
  counting::SeriesStates series;
  BootTime now{};
  std::vector<std::string> sent;
  app::Outbox outbox;
  app::Pipeline pipeline;

  explicit Life(const std::filesystem::path& dir, const config::Config& config = plant("spBv1.0/#"))
      : store(open(dir)),
        series(store->db()),
        outbox([this] { return now; },
               [this](std::string_view link, const bridge::Outbound& message) {
                 sent.push_back(std::string(link) + " " + message.topic);
               }),
        pipeline(
            config, *store, series, *clock::Zone::find("UTC"),
            [](std::string_view name) { return bridge::decoders::Registry::built_in().find(name); },
            &outbox) {
    store->begin();
  }

  static std::unique_ptr<store::Store> open(const std::filesystem::path& dir) {
    auto store = store::Store::open(dir, {"", "Test", "UTC", 0, "gw", "1"}, utc_calendar, kArrival);
    REQUIRE_MESSAGE(store, store.error().message);
    return std::move(*store);
  }

  void hear(const std::string& topic, const std::string& payload) {
    bridge::Frame frame;
    frame.link = "plant";
    frame.topic = topic;
    frame.payload = payload;
    pipeline.process(frame, kArrival);
  }
  /// A total of the door's only line, by alias.
  void total(std::uint64_t seq, std::uint64_t people) {
    hear("spBv1.0/Stores/DDATA/edge/door", sparkplug_message(seq, {{"", 1, 0, people}}, kSent + seq * 1000));
  }
  void births(std::uint64_t people) {
    hear("spBv1.0/Stores/NBIRTH/edge", sparkplug_message(0, {{"bdSeq", {}, 8, 7}}, kSent));
    hear("spBv1.0/Stores/DBIRTH/edge/door", sparkplug_message(1, {{"Gate/In", 1, 8, people}}, kSent));
  }
  void commit() {
    series.flush();
    pipeline.flush();
    store->commit({}, "", kArrival);
    store->begin();
  }
  void roll_back() {
    store->rollback();
    series.load();
    pipeline.load();
    store->begin();
  }
  std::int64_t people() {
    return store->db().scalar("select coalesce(sum(count_in), 0) from people_counting_raw");
  }
  std::int64_t rows(const std::string& table) { return store->db().scalar("select count(*) from " + table); }
};

}  // namespace

TEST_CASE("notes: what a birth said is known after a restart, and the count goes on") {
  const TempDir dir;
  {
    Life first(dir.path());
    first.births(100);
    first.total(2, 103);
    CHECK(first.people() == 3);
    first.commit();
  }
  Life second(dir.path());
  second.total(3, 110);
  CHECK(second.people() == 10);
  CHECK(second.rows("quarantine") == 0);
  CHECK(second.sent.empty());
}

TEST_CASE("notes: they are as old as the frames that are in the tables, after a kill and after a rollback") {
  const TempDir dir;
  {
    Life first(dir.path());
    first.births(100);
    first.commit();
    first.hear("spBv1.0/Stores/DBIRTH/edge/door",
               sparkplug_message(2, {{"Gate/In", 9, 8, 101}}, kSent + 2000));
    first.roll_back();
    first.total(2, 104);  // alias 1, as the committed birth has it
    CHECK(first.people() == 4);
    first.commit();
    first.hear("spBv1.0/Stores/NDEATH/edge", sparkplug_message({}, {{"bdSeq", {}, 8, 7}}));
  }  // ends without a commit
  Life second(dir.path());
  second.total(3, 105);
  CHECK(second.people() == 5);
}

TEST_CASE("notes: without a birth the node is asked for one, and then everything counts") {
  const TempDir dir;
  Life life(dir.path());
  life.total(50, 100);
  CHECK(life.rows("quarantine") == 1);
  CHECK(life.sent == std::vector<std::string>{"plant spBv1.0/Stores/NCMD/edge"});
  life.births(100);
  life.total(2, 102);
  CHECK(life.people() == 2);
  CHECK(life.rows("quarantine") == 1);
  CHECK(life.sent.size() == 1);
}

TEST_CASE("notes: a node is asked at most once a minute, each for itself") {
  const TempDir dir;
  Life life(dir.path());
  for (int i = 0; i < 20; ++i) life.total(50, 100);
  CHECK(life.sent.size() == 1);
  life.hear("spBv1.0/Stores/DDATA/edge-2/door", sparkplug_message(1, {{"", 1, 0, 1}}));
  CHECK(life.sent.size() == 2);
  life.now += 59s;
  life.total(51, 100);
  CHECK(life.sent.size() == 2);
  life.now += 1s;
  life.total(52, 100);
  CHECK(life.sent.size() == 3);
}

TEST_CASE("notes: whoever makes up nodes is not answered without end") {
  const TempDir dir;
  Life life(dir.path());
  for (int i = 0; i < 1000; ++i) {
    life.hear("spBv1.0/Stores/NDATA/edge-" + std::to_string(i), sparkplug_message(1, {{"", 1, 0, 1}}));
  }
  CHECK(life.sent.size() == app::Outbox::kMostTopics);
}

TEST_CASE("notes: those of a subscription that is gone are dropped") {
  const TempDir dir;
  {
    Life first(dir.path());
    first.births(100);
    first.commit();
    CHECK(first.rows("decoder_notes") > 0);
  }
  {
    Life second(dir.path(), plant("spBv1.0/Stores/#"));
    CHECK(second.rows("decoder_notes") == 0);
  }
  Life third(dir.path());
  third.total(2, 101);
  CHECK(third.sent.size() == 1);
}

TEST_CASE("notes: only what changed is written") {
  const TempDir dir;
  Life life(dir.path());
  life.births(100);
  life.commit();
  const auto before = life.store->db().scalar("select total_changes()");
  life.pipeline.flush();
  CHECK(life.store->db().scalar("select total_changes()") == before);
  life.hear("spBv1.0/Stores/NDATA/edge", sparkplug_message(2, {}, kSent));
  life.pipeline.flush();
  CHECK(life.store->db().scalar("select total_changes()") == before + 1);  // the number that came last
  life.hear("spBv1.0/Stores/NDEATH/edge", sparkplug_message({}, {{"bdSeq", {}, 8, 7}}));
  life.commit();
  CHECK(life.rows("decoder_notes") == 1);  // which birth it was, to know its will by
}

TEST_CASE("notes: what sensors.d says of a payload reaches the envelope") {
  const TempDir dir;
  auto config = plant("application/#");
  config.links[0].subscriptions[0].decoder = "envelope-chirpstack";
  config::Sensor sensor;
  sensor.serial = "24e124716c000001";
  sensor.payload = "milesight-vs125";
  config.sensors = {sensor};
  Life life(dir.path(), config);
  life.hear("application/1/device/24e124716c000001/event/up",
            R"({"deviceInfo":{"devEui":"24e124716c000001"},"fPort":1,"fCnt":2,"data":"AAAA"})");
  auto reason = life.store->db().prepare("select reason from quarantine");
  REQUIRE(reason.step());
  CHECK(reason.text(0).find("milesight-vs125") != std::string_view::npos);
}
