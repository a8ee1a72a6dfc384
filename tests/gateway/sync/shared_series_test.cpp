// Requests to an HQ of version 2: what series have in common is told once.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/sync/batch.hpp"
#include "tests/support/fill_store.hpp"

using namespace lintel;
using namespace lintel::sync;
using namespace lintel::test;
using nlohmann::json;

namespace {

constexpr std::int64_t kNoon = 1785499200000;
constexpr std::int64_t kMinute = 60'000;

Batch build(FilledStore& store) {
  auto reader = store.reader();
  BatchBuilder builder(reader);
  BatchOrder order;
  order.spoken = 2;
  order.now = utc_ms(kNoon);
  return builder.build(order);
}

}  // namespace

TEST_CASE(
    "shared series: to an HQ of version 2 series tell once what they share, and small counts as digits in a "
    "row") {
  FilledStore store;
  for (int id = 12; id < 15; ++id) store.sensor(fmt::format("S{}", id), "Door", id);
  for (int minute = 0; minute < 3; ++minute) {
    for (int sensor = 1; sensor <= 3; ++sensor) {
      store.line({.sensor = sensor,
                  .started_at = kNoon + minute * kMinute,
                  .duration = kMinute,
                  .in = sensor == 2 ? 10 : minute,
                  .out = 0});
    }
  }
  const auto batch = build(store);
  CHECK(batch.body == R"({"v":2,"epoch":"5b0c0000-0000-4000-8000-000000000001","time":1785499200000,)"
                      R"("config_version":0,"after":0,"to":9,"series":[{"line":"1","step":60000,"dur":60000,)"
                      R"("t":1785499200000,"of":{"sensor":[12,13,14],"in":[":012","10,10,10",":012"],)"
                      R"("out":[":000",":000",":000"]}}]})");
}

TEST_CASE(
    "shared series: series that start at different times share the rest, and what says more stands alone") {
  FilledStore store;
  for (int id = 12; id < 16; ++id) store.sensor(fmt::format("S{}", id), "Door", id);
  store.line({.sensor = 1, .started_at = kNoon, .duration = kMinute, .in = 1, .out = 0});
  store.line({.sensor = 2, .started_at = kNoon + 7, .duration = kMinute, .in = 2, .out = 0, .flags = 4});
  store.region({.sensor = 3, .line = "shop", .started_at = kNoon, .in = 5});
  store.line({.sensor = 4, .started_at = kNoon + 9, .duration = kMinute, .in = 3, .out = 11});
  const auto batch = build(store);
  CHECK(json::parse(batch.body).at("series") == json::parse(R"([
    {"line":"1","dur":60000,"of":{"sensor":[12,15],"t":[1785499200000,1785499200009],"in":["1","3"],"out":["0","11"]}},
    {"sensor":13,"line":"1","t":1785499200007,"dur":60000,"in":"2","out":"0","flags":"4"},
    {"sensor":14,"region":"shop","t":1785499200000,"occ":"5"}])"));
  // HQ counts them as they are written out.
  std::vector<std::int64_t> order;
  for (const auto& series : batch.series) order.push_back(series.change_no(0));
  CHECK(order == std::vector<std::int64_t>{1, 4, 2, 3});
}

TEST_CASE(
    "shared series: a name that HQ will refuse is not shared, so that nothing else is refused with it") {
  FilledStore store;
  store.sensor("A", "Door", 12);
  store.sensor("B", "Door", 13);
  const std::string name(2000, 'x');
  for (int sensor : {1, 2}) store.line({.sensor = sensor, .line = name, .started_at = kNoon, .in = 1});
  CHECK(build(store).body.find("\"of\"") == std::string::npos);
}
