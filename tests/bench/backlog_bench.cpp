// A store that was cut off for long comes back: how fast its backlog drains, beside HQ's own function alone,
// how much memory that takes, and how soon the present is at HQ.
//   bench_backlog [READINGS]     1,000,000 by default; a year of 20 sensors, one reading a minute, is
//   10,512,000
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "gateway/sync/batch.hpp"
#include "tests/bench/meter.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fill_store.hpp"
#include "tests/support/real_hq.hpp"
#include "tests/support/text_file.hpp"

namespace {

using namespace lintel;
using namespace lintel::bench;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kSensors = 20;
constexpr std::int64_t kMinute = 60'000;
constexpr std::size_t kAlone = 200'000;  ///< readings that the function is measured with
constexpr std::size_t kBatch = 5000;     ///< as many a request as the gateway sends under a backlog

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Readings of every minute until the last full hour.
void fill(test::FilledStore& store, std::size_t readings) {
  for (int i = 1; i <= kSensors; ++i) store.sensor(fmt::format("BENCH-{:02}", i), fmt::format("Door {}", i));
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds{1};
  const auto end = now / 3'600'000 * 3'600'000;
  store.minutes(readings, kSensors, end - static_cast<std::int64_t>(readings) / kSensors * kMinute);
}

/// Readings a second that HQ's function takes when nothing else is in its way, over a local socket.
double function_alone(test::FilledStore& store) {
  test::RealHq hq;
  auto sql = hq.sql();
  const auto gateway = sql.value("select public_id from data.gateways");
  sql.rows(fmt::format(
      R"(select set_config('request.jwt.claims', '{{"role": "lintel_gateway", "sub": "{}"}}', false))",
      gateway));
  sql.rows("set role lintel_gateway");
  auto reader = store.reader();
  sync::BatchBuilder builder(reader);
  std::size_t readings = 0;
  Clock::duration spent{};
  for (std::int64_t after = 0; readings < kAlone;) {
    sync::BatchOrder order;
    order.after = after;
    order.changes = kBatch;
    order.now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
    order.version = "bench";
    const auto batch = builder.build(order);
    if (batch.changes == 0) break;
    const auto statement = "select api.gateway_sync_v1($body$" + batch.body + "$body$::jsonb)";
    const auto begin = Clock::now();
    sql.rows(statement);
    spent += Clock::now() - begin;
    readings += batch.changes;
    after = batch.to;
  }
  return static_cast<double>(readings) / std::chrono::duration<double>(spent).count();
}

struct Drain {
  double per_second = 0;
  double first_live = 0;  ///< seconds from the start of the gateway
  std::int64_t most_memory = 0;
};

Drain drain(test::FilledStore& store) {
  test::RealHq hq;
  const auto config = store.dir() / "gateway.conf";
  const auto spool = store.dir() / "spool";
  std::ofstream(store.dir() / "credential") << hq.token() << '\n';
  std::ofstream(config) << fmt::format(
      "[gateway]\nstate_dir = {0}\nspool_dir = {1}\n[status]\nlisten =\n[hq]\nurl = {2}\ncredential_file = "
      "{0}/credential\n",
      store.dir().string(), spool.string(), hq.url());
  std::filesystem::create_directories(store.dir() / "links.d");
  const auto last = store.last_change();
  auto sql = hq.sql();
  Drain out;
  const auto begin = Clock::now();
  auto process =
      test::Process::spawn({LINTEL_BINARY, "run", "--config", config.string()}, {}, store.dir() / "log");
  double first = 0;
  while (store.watermark() < last) {
    out.most_memory = std::max(out.most_memory, usage_of(process.pid()).anonymous_bytes);
    if (out.first_live == 0 &&
        sql.value(fmt::format("select exists (select from private.epochs where applied @> "
                              "{}::bigint)",
                              last)) == "t") {
      out.first_live = seconds_since(begin);
    }
    if (first == 0 && store.watermark() > 0) first = seconds_since(begin);
    if (seconds_since(begin) > 3600) {
      throw std::runtime_error("the backlog did not drain in an hour:\n" +
                               test::text_of(store.dir() / "log"));
    }
    std::this_thread::sleep_for(20ms);
  }
  out.per_second = static_cast<double>(last) / seconds_since(begin);
  process.kill(SIGTERM);
  process.wait();
  if (hq.sql().value("select count(*) from data.people_counting_raw") != std::to_string(last)) {
    throw std::runtime_error("HQ does not hold as many readings as the gateway sent");
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) try {
  if (!test::RealHq::available()) {
    std::cerr << "PostgreSQL 15 and sqitch are needed\n";
    return 77;
  }
  const auto readings = argc > 1 ? static_cast<std::size_t>(std::stoll(argv[1])) : 1'000'000;
  test::FilledStore store;
  fill(store, readings);
  const auto alone = function_alone(store);
  const auto drained = drain(store);
  const auto megabytes = static_cast<double>(drained.most_memory) / 1048576;
  const std::vector<Figure> figures{
      {.what = "HQ's function alone", .value = alone, .unit = "readings/s", .accept = {}, .aim = {}},
      {.what = "backlog drained", .value = drained.per_second, .unit = "readings/s", .accept = {}, .aim = {}},
      {.what = "of HQ's function alone",
       .value = drained.per_second / alone * 100,
       .unit = "%",
       .accept = 60,
       .aim = 90,
       .more_is_better = true,
       .decides = true},
      {.what = "anonymous memory meanwhile",
       .value = megabytes,
       .unit = "MB",
       .accept = 32,
       .aim = 16,
       .decides = true},
      {.what = "start to the present at HQ",
       .value = drained.first_live,
       .unit = "s",
       .accept = 2,
       .aim = 0.5,
       .decides = false},
  };
  std::cout << fmt::format("{} readings of {} sensors\n", readings, kSensors);
  print(figures);
  return acceptable(figures) ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
