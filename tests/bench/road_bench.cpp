// Every figure of the road from a sensor's message to a durable reading, against its budget.
#include <sys/wait.h>

#include <iostream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "tests/bench/gateway_bench.hpp"
#include "tests/bench/store_bench.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/text_file.hpp"

namespace {

using namespace lintel::bench;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kDrained = 20'000;
constexpr int kRounds = 3;
constexpr int kStarts = 5;
constexpr int kStoreRows = 40'000;
constexpr int kRowsPerCommit = 500;

struct Drain {
  double per_second = 0;
  double processor_us = 0;
};

/// The same kind of messages, queued by the broker and drained by a callback that appends to a file.
Drain drain_bare(GatewayBench& bench) {
  const auto said = bench.dir() / "bare";
  const auto data = bench.dir() / "bare-data";
  const auto run = [&](int count) {
    std::filesystem::remove(said);
    auto client = lintel::test::Process::spawn(
        {LINTEL_BARE_CLIENT, bench.broker_url(), "bench/+", std::to_string(count), data.string()}, {}, said);
    const auto ended = client.wait_for(120s);
    if (!ended || *ended != 0) throw std::runtime_error("the bare client did not receive everything");
  };
  run(kDrained);
  std::filesystem::remove(data);
  Drain drain;
  if (std::sscanf(lintel::test::text_of(said).c_str(), "%lf %lf", &drain.per_second, &drain.processor_us) !=
      2)
    throw std::runtime_error("the bare client said nothing");
  return drain;
}

Drain drain_gateway(GatewayBench& bench) {
  const auto before = bench.published() - kDrained;
  bench.start();
  if (!lintel::test::eventually([&] { return bench.readings() > before; }, 60s))
    throw std::runtime_error("the gateway stored nothing");
  const auto since = Clock::now();
  const auto already = bench.readings() - before;
  bench.wait_for_all();
  const std::chrono::duration<double> took = Clock::now() - since;
  const Drain drain{static_cast<double>(kDrained - already) / took.count(),
                    static_cast<double>(bench.usage().processor.count()) / kDrained};
  bench.stop();
  return drain;
}

/// One queue each for the gateway and the bare client, filled by the same messages, drained in turn.
void measure_drain(GatewayBench& bench, std::vector<Figure>& figures) {
  std::vector<double> bare, gateway, share, bare_us, gateway_us;
  for (int round = 0; round < kRounds; ++round) {
    bench.publish(kDrained, 0);
    const Drain least = drain_bare(bench);
    const Drain ours = drain_gateway(bench);
    bare.push_back(least.per_second);
    gateway.push_back(ours.per_second);
    share.push_back(100.0 * ours.per_second / least.per_second);
    bare_us.push_back(least.processor_us);
    gateway_us.push_back(ours.processor_us);
  }
  figures.push_back(
      {"bare Paho callback appending to a file, drains", median(bare), "msg/s", {}, {}, true, false});
  figures.push_back(
      {"broker to durable, counted row, drains", median(gateway), "msg/s", {}, {}, true, false});
  figures.push_back({"  share of the bare callback", median(share), "%", 45, 90, true, true});
  figures.push_back({"bare callback, processor a message", median(bare_us), "us", {}, {}, false, false});
  figures.push_back({"gateway, processor a message", median(gateway_us), "us", 70, 45, false, false});
}

void measure_start(GatewayBench& bench, std::vector<Figure>& figures) {
  std::vector<double> ms;
  for (int i = 0; i < kStarts; ++i) {
    bench.publish(1, 0);
    const auto since = Clock::now();
    bench.start();
    bench.wait_for_all();
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - since).count());
    bench.stop();
  }
  figures.push_back({"start to first recorded reading", median(ms), "ms", 200, 50, false, false});
}

/// Bytes that `count` readings at this rhythm bring to the disk, each.
double written_each(GatewayBench& bench, int count, int per_second) {
  const auto before = bench.usage().written_bytes;
  bench.publish(count, per_second);
  bench.wait_for_all();
  return static_cast<double>(bench.usage().written_bytes - before) / count;
}

void measure_running(GatewayBench& bench, std::vector<Figure>& figures) {
  bench.start();
  bench.publish(20, 0);
  bench.wait_for_all();
  figures.push_back(
      {"card: a reading that arrives alone", written_each(bench, 40, 8) / 1000, "KB", 10, 5, false, false});
  figures.push_back(
      {"card: each reading at 500/s", written_each(bench, 5000, 500) / 1000, "KB", 1.2, 0.5, false, false});
  const auto before = bench.usage().processor;
  const auto since = Clock::now();
  bench.publish(7, 0);  // twenty sensors with one reading a minute, for 21 seconds
  std::this_thread::sleep_until(since + 21s);
  const std::chrono::duration<double> busy = bench.usage().processor - before;
  figures.push_back(
      {"idle store of 20 sensors: of one core", 100.0 * busy.count() / 21.0, "%", 0.5, 0.1, false, false});
  figures.push_back({"  anonymous memory", static_cast<double>(bench.usage().anonymous_bytes) / 1e6, "MB", 10,
                     6, false, false});
  bench.stop();
}

void measure_store(GatewayBench& bench, std::vector<Figure>& figures) {
  std::vector<double> raw, store, share;
  for (int round = 0; round < kRounds; ++round) {
    raw.push_back(raw_rate(bench.dir() / fmt::format("raw{}", round), kStoreRows, kRowsPerCommit));
    store.push_back(store_rate(bench.dir() / fmt::format("store{}", round), kStoreRows, kRowsPerCommit));
    share.push_back(100.0 * store.back() / raw.back());
  }
  figures.push_back({"bare SQLite, the same rows and commits", median(raw), "rows/s", {}, {}, true, false});
  figures.push_back(
      {"store with roll-ups, numbers and position", median(store), "rows/s", {}, {}, true, false});
  figures.push_back({"  share of bare SQLite", median(share), "%", 50, 80, true, true});
}

/// Both clients are known to the broker from here on, so that it queues for them.
void make_sessions(GatewayBench& bench) {
  lintel::test::Process::spawn(
      {LINTEL_BARE_CLIENT, bench.broker_url(), "bench/+", "0", (bench.dir() / "bare-data").string()})
      .wait();
  bench.start();
  const auto connected = [&] {
    return lintel::test::text_of(bench.dir() / "log").find("connected to") != std::string::npos;
  };
  if (!lintel::test::eventually(connected, 20s)) throw std::runtime_error("the gateway did not subscribe");
  bench.stop();
}

}  // namespace

int main() {
  try {
    std::vector<Figure> figures;
    GatewayBench bench;
    make_sessions(bench);
    measure_start(bench, figures);
    measure_drain(bench, figures);
    measure_running(bench, figures);
    measure_store(bench, figures);
    print(figures);
    return acceptable(figures) ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "bench_road: " << error.what() << '\n';
    return 2;
  }
}
