// How long the page, the API and `lintel status` take on a gateway with thirty days of twenty sensors while
// 2,000 messages a second come in. Usage: bench_page [DAYS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "tests/bench/gateway_bench.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_client.hpp"

namespace {

using namespace lintel;
using namespace lintel::bench;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kSensors = 20;
constexpr int kMessagesADay = kSensors * 1440;
constexpr int kLoad = 2000;  // messages a second
constexpr int kLoadSeconds = 50;
constexpr int kRequests = 300;  // of each address
constexpr int kVerbs = 60;

struct Times {
  double p50 = 0, p99 = 0;
};

Times of(std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  return {ms[ms.size() / 2], ms[ms.size() * 99 / 100]};
}

template <class Work>
Times measure(int times, Work work) {
  std::vector<double> ms;
  for (int i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    work();
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  return of(std::move(ms));
}

std::string day(int back) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::now() - std::chrono::days(back)));
}

void get(const std::string& url) {
  test::HttpRequest request;
  request.method = "GET";
  if (const auto answer = test::ask(url, request); answer.status != 200)
    throw std::runtime_error(fmt::format("{} answers {}: {}", url, answer.status, answer.body));
}

int run(int days) {
  const auto port = test::free_port();
  GatewayBench gateway(fmt::format("127.0.0.1:{}", port));
  gateway.start();
  fmt::print("filling {} days of {} sensors ...\n", days, kSensors);
  std::fflush(stdout);
  gateway.publish(days * kMessagesADay, 0);
  gateway.wait_for_all();

  const auto page = fmt::format("http://127.0.0.1:{}", port);
  std::vector<std::pair<std::string, std::string>> addresses = {
      {"a file of the page", "/icon.svg"},
      {"/api/health", "/api/health"},
      {"/api/status", "/api/status"},
      {"/api/sensors", "/api/sensors"},
      {"/metrics", "/metrics"},
      {"200 readings",
       fmt::format("/api/sensors/data?sensor=1&from={}T00:00:00Z&to={}T00:00:00Z", day(20), day(19))},
      {"30 days of the store", fmt::format("/api/analytics?by=day&from={}&to={}", day(35), day(6))},
      {"30 days by the hour", fmt::format("/api/analytics?by=hour&from={}&to={}", day(35), day(6))},
      {"alerts", "/api/alerts"},
  };
  std::jthread sensors([&](const std::stop_token&) { gateway.publish(kLoad * kLoadSeconds, kLoad); });
  std::this_thread::sleep_for(1s);  // until the load is there
  std::vector<Figure> figures;
  for (const auto& [what, path] : addresses) {
    const auto times = measure(kRequests, [&] { get(page + path); });
    figures.push_back({fmt::format("p50 of {}", what), times.p50, "ms", {}, {}});
    figures.push_back({fmt::format("p99 of {}", what), times.p99, "ms", 50, 10});
  }
  const auto status = measure(kVerbs, [&] {
    const auto config = (gateway.dir() / "gateway.conf").string();
    auto verb =
        test::Process::spawn({LINTEL_BINARY, "status", "--config", config}, {}, gateway.dir() / "status");
    (void)verb.wait();
  });
  figures.push_back({"p50 of lintel status", status.p50, "ms", {}, {}});
  figures.push_back({"p99 of lintel status", status.p99, "ms", 100, {}});
  sensors.join();
  gateway.wait_for_all();
  print(figures);
  return acceptable(figures) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? std::atoi(argv[1]) : 30);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_page: {}\n", error.what());
    return 1;
  }
}
