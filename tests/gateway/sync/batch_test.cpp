#include "gateway/sync/batch.hpp"

#include <chrono>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/support/fill_store.hpp"

using namespace lintel;
using namespace lintel::sync;
using lintel::test::FilledStore;
using nlohmann::json;

REGISTER_EXCEPTION_TRANSLATOR(const store::SqliteError& error) {
  return error.message.c_str();
}

namespace {

constexpr std::int64_t kNoon = 1785499200000;
constexpr std::int64_t kMinute = 60000;

Batch build(FilledStore& store, BatchOrder order) {
  auto reader = store.reader();
  BatchBuilder builder(reader);
  if (order.version.empty()) order.version = "0.1.0";
  order.now = utc_ms(kNoon);
  return builder.build(order);
}

Batch build(FilledStore& store) {
  return build(store, BatchOrder{});
}

json series_of(FilledStore& store) {
  return json::parse(build(store).body).at("series");
}

}  // namespace

TEST_CASE("batch: a steady sensor becomes one start, one step and two lists") {
  FilledStore store;
  store.sensor("6537F28545220003", "Main door", 12);
  store.line({.started_at = kNoon, .duration = kMinute, .in = 0, .out = 1});
  store.line({.started_at = kNoon + kMinute, .duration = kMinute, .in = 2, .out = 0});
  store.line({.started_at = kNoon + 2 * kMinute, .duration = kMinute, .in = 1, .out = 0});
  const auto batch = build(store);
  CHECK(batch.body ==
        R"({"v":2,"epoch":"5b0c0000-0000-4000-8000-000000000001","version":"0.1.0","time":1785499200000,)"
        R"("config_version":0,"after":0,"to":3,"sensors":[],"series":[{"sensor":12,"line":"1",)"
        R"("t":1785499200000,"step":60000,"dur":60000,"in":"0,2,1","out":"1,0,0"}]})");
  CHECK(batch.to == 3);
  CHECK_FALSE(batch.more());
}

TEST_CASE("batch: a gateway that has given up old versions says so") {
  FilledStore store;
  store.sensor("A", "Door", 12);
  const auto body = json::parse(build(store, {.speaks = {3, 4}, .schema = "1.7"}).body);
  CHECK(body.at("v") == 4);
  CHECK(body.at("v_least") == 3);
  CHECK(body.at("schema") == "1.7");
}

TEST_CASE("batch: a sensor HQ has no compact id for is declared and named by its public id") {
  FilledStore store;
  store.sensor("6537F28545220003", "Main \"door\"\n");
  store.line({.started_at = kNoon, .in = 4});
  const auto body = json::parse(build(store).body);
  CHECK(body.at("sensors") == json::parse(R"([{"id":"5e450000-0000-4000-8000-000000000001",
        "serial":"6537F28545220003","name":"Main \"door\"\n","model":"milesight-vs125"}])"));
  CHECK(body.at("series") == json::parse(R"([{"sensor":"5e450000-0000-4000-8000-000000000001","line":"1",
        "t":1785499200000,"in":"4"}])"));
}

TEST_CASE("batch: a changed sensor is declared although HQ knows it") {
  FilledStore store;
  store.sensor("A", "Side door", 7);
  store.line({.started_at = kNoon, .in = 1});
  store.journal("sensor", R"({"sensor_id":1})");
  const auto body = json::parse(build(store).body);
  CHECK(body.at("sensors").size() == 1);
  CHECK(body.at("series")[0].at("sensor") == FilledStore::public_id(1));
  CHECK(body.at("to") == 2);
}

TEST_CASE("batch: journal entries that say nothing to HQ take their number and stop nobody") {
  FilledStore store;
  store.sensor("A", "a", 7);
  store.journal("alert", R"({"alert":1})");
  store.journal("sensor", "{broken");
  store.journal("sensor", R"({"sensor_id":99})");
  store.line({.started_at = kNoon, .in = 1});
  const auto batch = build(store);
  CHECK(batch.to == 4);
  CHECK(json::parse(batch.body).at("sensors").empty());
  CHECK(batch.series.at(0).change_no(0) == 4);
}

TEST_CASE("batch: uneven starts, lengths, seq, revisions and flags become lists") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.line({.line = "C1", .started_at = kNoon, .duration = 300004, .in = 4});
  store.line({.line = "C1", .started_at = kNoon + 300004, .seq = 1, .duration = 300005, .in = 0});
  store.line(
      {.line = "C1", .started_at = kNoon + 600009, .duration = 300001, .in = 7, .flags = 2, .revision = 2});
  CHECK(series_of(store) == json::parse(R"([{"sensor":12,"line":"C1","t":1785499200000,"d":"0,300004,600009",
        "durs":"300004,300005,300001","in":"4,0,7","seq":"0,1,0","rev":"1,1,2","flags":"0,0,2"}])"));
}

TEST_CASE("batch: counts that a sensor did not state stay unstated") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.line({.started_at = kNoon, .in = 3});
  store.line({.started_at = kNoon + kMinute, .out = 5});
  CHECK(series_of(store)[0].at("in") == "3,");
  CHECK(series_of(store)[0].at("out") == ",5");
}

TEST_CASE("batch: readings without any count still show how many they are") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.line({.line = "x", .started_at = kNoon});
  store.line({.line = "y", .started_at = kNoon});
  store.line({.line = "y", .started_at = kNoon + kMinute});
  CHECK(series_of(store) == json::parse(R"([{"sensor":12,"line":"x","t":1785499200000,"d":"0"},
        {"sensor":12,"line":"y","t":1785499200000,"d":"0,60000"}])"));
}

TEST_CASE("batch: equal instants and instants that go back use offsets") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.line({.line = "same", .started_at = kNoon, .in = 1});
  store.line({.line = "same", .started_at = kNoon, .seq = 1, .in = 1});
  store.line({.line = "back", .started_at = kNoon, .in = 1});
  store.line({.line = "back", .started_at = kNoon - kMinute, .in = 1});
  CHECK(series_of(store)[0].at("d") == "0,0");
  CHECK(series_of(store)[1].at("d") == "0,-60000");
}

TEST_CASE("batch: regions travel with their occupancy, apart from a line of the same name") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.region({.line = "1", .started_at = kNoon, .in = 2});
  store.line({.line = "1", .started_at = kNoon, .in = 5});
  store.region({.line = "", .started_at = kNoon + 1, .in = -1});
  CHECK(series_of(store) == json::parse(R"([{"sensor":12,"region":"1","t":1785499200000,"occ":"2"},
        {"sensor":12,"line":"1","t":1785499200000,"in":"5"},
        {"sensor":12,"region":"","t":1785499200001,"occ":"-1"}])"));
}

TEST_CASE("batch: a revised reading is sent once, under its new number") {
  FilledStore store;
  store.sensor("A", "a", 12);
  const auto first = store.line({.started_at = kNoon, .in = 5});
  store.line({.started_at = kNoon + kMinute, .in = 1});
  store.revise(first, 6);
  const auto batch = build(store);
  CHECK(batch.to == 3);
  CHECK(json::parse(batch.body).at("series") == json::parse(R"([{"sensor":12,"line":"1",
        "t":1785499260000,"d":"0,-60000","in":"1,6","rev":"1,2","flags":"0,64"}])"));
}

TEST_CASE("batch: a moved reading names its old key at its position") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.line({.started_at = kNoon, .in = 1});
  const auto lost = store.line({.started_at = 1000, .seq = 3, .in = 2});
  store.move(lost, kNoon + kMinute);
  const auto series = series_of(store);
  CHECK(series[0].at("moved") == json::parse(R"([{"k":1,"t":1000,"seq":3}])"));
  CHECK(series[0].at("rev") == "1,2");
}

TEST_CASE("batch: numbers without a row are covered, so that they are not owed for ever") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.line({.started_at = kNoon, .in = 1});
  store.skip_number();
  store.skip_number();
  CHECK(build(store).to == 3);
  CHECK(build(store, {.after = 1}).to == 3);
  CHECK(build(store, {.after = 3}).to == 3);
}

TEST_CASE("batch: a limit cuts at a number, and the next batch begins there") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.sensor("B", "b", 13);
  store.minutes(10, 2, kNoon);
  store.journal("sensor", R"({"sensor_id":1})");
  store.region({.started_at = kNoon, .in = 1});
  std::set<std::int64_t> seen;
  std::int64_t after = 0;
  for (int round = 0; round < 4; ++round) {
    const auto batch = build(store, {.after = after, .changes = 3});
    CHECK(batch.changes == 3);
    CHECK(batch.to == after + 3);
    CHECK(batch.more() == (round < 3));
    for (const auto& series : batch.series) {
      for (std::size_t k = 0; k < series.size(); ++k) CHECK(seen.insert(series.change_no(k)).second);
    }
    after = batch.to;
  }
  CHECK(seen.size() == 11);
}

TEST_CASE("batch: a request without changes covers nothing but can tell how the store is") {
  FilledStore store;
  store.sensor("A", "a", 12);
  store.sensor("B", "b");
  store.line({.started_at = kNoon, .in = 1});
  BatchOrder order{.after = 0, .changes = 0};
  order.liveness = {{1, "online", kNoon, std::nullopt}, {2, "offline", std::nullopt, kNoon - 5}};
  order.health = Health{1, 12000000000};
  const auto batch = build(store, order);
  CHECK(batch.to == 0);
  CHECK(batch.changes == 0);
  const auto body = json::parse(batch.body);
  CHECK(body.at("series").empty());
  CHECK(body.at("sensors").size() == 1);
  CHECK(body.at("health") == json::parse(R"({"backlog":1,"disk_free":12000000000})"));
  CHECK(body.at("liveness") == json::parse(R"([
        {"sensor":12,"status":"online","last":1785499200000,"since":null},
        {"sensor":"5e450000-0000-4000-8000-000000000002","status":"offline","last":null,"since":1785499199995}])"));
}

TEST_CASE("batch: bytes that PostgreSQL would refuse never reach the body") {
  FilledStore store;
  store.sensor(std::string("bad\xff\xc0\xaf\0end\x01", 11), "\xed\xa0\x80 caf\xc3\xa9 \xf0\x9f\x9a\xaa");
  store.line({.line = "l\xfe", .started_at = kNoon, .in = 1});
  const auto body = json::parse(build(store).body);  // refuses bad UTF-8 itself
  CHECK(body.at("sensors")[0].at("serial") == "bad\uFFFD\uFFFD\uFFFD\uFFFDend\u0001");
  CHECK(body.at("sensors")[0].at("name") == "\uFFFD\uFFFD\uFFFD caf\u00e9 \U0001F6AA");
  CHECK(body.at("series")[0].at("line") == "l\uFFFD");
}

TEST_CASE("batch: the body stays under its limit, however many series and however long their names") {
  FilledStore store;
  for (int sensor = 1; sensor <= 300; ++sensor)
    store.sensor(fmt::format("S{}", sensor), std::string(200, '"'));
  store.db().execute("begin");
  for (int i = 0; i < 6000; ++i) {
    store.line({.sensor = i % 300 + 1,
                .line = std::string(60, '\x02') + std::to_string(i),
                .started_at = kNoon + i * 7919LL,
                .duration = 123456 + i,
                .in = 1234567 + i});
  }
  store.db().execute("commit");
  std::int64_t after = 0;
  std::size_t rounds = 0;
  while (after < store.last_change()) {
    const auto batch = build(store, {.after = after, .changes = 5000, .bytes = 200'000});
    REQUIRE(batch.to > after);
    CHECK(batch.body.size() <= 200'000);
    CHECK(json::accept(batch.body));
    after = batch.to;
    ++rounds;
  }
  CHECK(rounds > 5);
}

TEST_CASE("batch: a single change larger than the limit is sent all the same") {
  FilledStore store;
  store.sensor("A", std::string(5000, 'n'));
  store.line({.started_at = kNoon, .in = 1});
  store.line({.started_at = kNoon + 1, .in = 1});
  const auto batch = build(store, {.bytes = 1000});
  CHECK(batch.changes == 1);
  CHECK(batch.to == 1);
}

TEST_CASE("batch: extreme numbers survive") {
  FilledStore store;
  store.sensor("A", "a", 9007199254740993);
  store.line({.started_at = -5, .duration = 9223372036854775807, .in = 9223372036854775807, .out = 0});
  store.line({.started_at = 9223372036854775, .in = 0});
  const auto body = json::parse(build(store).body);
  CHECK(body.at("series")[0].at("sensor") == 9007199254740993);
  CHECK(body.at("series")[0].at("in") == "9223372036854775807,0");
  CHECK(body.at("series")[0].at("durs") == "9223372036854775807,0");
}

TEST_CASE("batch: a reading of a sensor that is not there is reported, not dropped") {
  FilledStore store;
  store.line({.sensor = 5, .started_at = kNoon, .in = 1});
  CHECK_THROWS_AS((void)build(store), const store::SqliteError&);
}

TEST_CASE("batch: building is no bottleneck") {
  FilledStore store;
  constexpr std::size_t kReadings = 100'000;
  for (int i = 1; i <= 20; ++i) store.sensor(fmt::format("S{}", i), "door", i);
  store.minutes(kReadings, 20, kNoon);
  auto reader = store.reader();
  BatchBuilder builder(reader);
  const auto begin = std::chrono::steady_clock::now();
  std::int64_t after = 0;
  std::size_t bytes = 0;
  std::size_t readings = 0;
  while (after < store.last_change()) {
    const auto batch =
        builder.build({.after = after, .changes = 5000, .now = utc_ms(kNoon), .version = "0.1.0"});
    after = batch.to;
    bytes += batch.body.size();
    readings += batch.changes;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  MESSAGE(fmt::format("{:.0f} readings/s, {:.2f} bytes a reading",
                      static_cast<double>(readings) / took.count(),
                      static_cast<double>(bytes) / static_cast<double>(readings)));
  CHECK(readings == kReadings);
  CHECK(bytes < 6 * kReadings);
}

namespace {

void cover(FilledStore& store, std::int64_t sensor, bool regional, const std::string& label,
           std::int64_t from, std::int64_t to, store::CoverageState state = store::CoverageState::counting) {
  store::CoverageRows(store.db()).replace({sensor, regional, label}, {}, {{utc_ms(from), utc_ms(to), state}});
}

BatchOrder order_with_coverage(FilledStore& store, std::int64_t told = 0) {
  auto reader = store.reader();
  BatchOrder order;
  order.coverage = CoverageReader(reader).owed(told);
  return order;
}

}  // namespace

TEST_CASE("batch: coverage goes by series, each with its spans in order of time") {
  FilledStore store;
  store.sensor("6537F28545220003", "Main door", 12);
  store.sensor("6537F28545220004", "Side door");
  cover(store, 1, false, "1", kNoon + kMinute, kNoon + 2 * kMinute, store::CoverageState::down);
  cover(store, 1, false, "1", kNoon, kNoon + kMinute);
  cover(store, 2, true, "till", kNoon, kNoon + kMinute);
  const auto batch = build(store, order_with_coverage(store));
  const auto body = json::parse(batch.body);
  CHECK(
      body["coverage"].dump() ==
      R"([{"line":"1","rev":3,"sensor":12,"spans":[[1785499200000,1785499260000,"counting"],)"
      R"([1785499260000,1785499320000,"down"]]},{"region":"till","rev":3,)"
      R"("sensor":"5e450000-0000-4000-8000-000000000002","spans":[[1785499200000,1785499260000,"counting"]]}])");
  CHECK(body["sensors"].size() == 1);  // who is named by uuid is declared
  CHECK(batch.by_uuid.size() == 1);
}

TEST_CASE(
    "batch: coverage that HQ knows is not said again, and more than a request takes comes with the next") {
  FilledStore store;
  store.sensor("6537F28545220003", "Main door", 12);
  for (int i = 0; i < 2000; ++i)
    cover(store, 1, false, "1", kNoon + 2 * i * kMinute, kNoon + (2 * i + 1) * kMinute);
  std::size_t spans = 0;
  std::int64_t told = 0;
  int requests = 0;
  for (bool more = true; more; ++requests) {
    const auto order = order_with_coverage(store, told);
    const auto body = json::parse(build(store, order).body);
    const auto& said = body["coverage"][0]["spans"];
    CHECK(said.size() <= 1000);
    spans += said.size();
    told = order.coverage.revision;
    more = order.coverage.more;
  }
  CHECK(spans == 2000);
  CHECK(requests == 3);
  CHECK(order_with_coverage(store, told).coverage.empty());
  CHECK(build(store, order_with_coverage(store, told)).body.find("coverage") == std::string::npos);
}

TEST_CASE("batch: a span of years goes in pieces that HQ takes") {
  FilledStore store;
  store.sensor("6537F28545220003", "Main door", 12);
  constexpr std::int64_t kDay = 86'400'000;
  cover(store, 1, false, "", kNoon - 1000 * kDay, kNoon);
  const auto body = json::parse(build(store, order_with_coverage(store)).body);
  const auto& spans = body["coverage"][0]["spans"];
  REQUIRE(spans.size() == 3);
  std::int64_t at = kNoon - 1000 * kDay;
  for (const auto& span : spans) {
    CHECK(span[0] == at);
    at = span[1].get<std::int64_t>();
    CHECK(at - span[0].get<std::int64_t>() <= 400 * kDay);
  }
  CHECK(at == kNoon);
}

TEST_CASE("batch: readings leave room for the coverage beside them") {
  FilledStore store;
  store.sensor("6537F28545220003", "Main door", 12);
  store.minutes(3000, 1, kNoon);
  for (int i = 0; i < 800; ++i)
    cover(store, 1, false, "1", kNoon + 2 * i * kMinute, kNoon + (2 * i + 1) * kMinute);
  auto order = order_with_coverage(store);
  order.changes = 3000;
  order.bytes = 150'000;
  const auto batch = build(store, order);
  CHECK(batch.body.size() <= order.bytes);
  CHECK(json::parse(batch.body)["coverage"][0]["spans"].size() == 800);
}
