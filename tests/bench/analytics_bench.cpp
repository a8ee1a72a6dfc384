// How long the snapshot, analytics and alerts take with a month of 20 sensors, each request reckoned anew:
// what is remembered between two requests is left out. Processor time, printed beside the budget of the
// design.
#include <algorithm>
#include <ctime>
#include <functional>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "gateway/status/alerts.hpp"
#include "gateway/status/analytics.hpp"
#include "gateway/status/facts.hpp"
#include "gateway/status/page.hpp"
#include "tests/gateway/status/bench.hpp"

namespace {

using namespace lintel;
using namespace std::chrono_literals;
using By = status::AnalyticsQuery::By;

constexpr int kSensors = 20, kDays = 30, kRounds = 300;
constexpr double kAccept = 50, kAim = 10;  // ms, 99 of 100
const UtcMs kNow = test::StoreBench::day_begin() + 23h;
const auto kToday = static_cast<clock::StoreDay>(count_ms(kNow) / 86'400'000);

/// A month of hours and days on two lines each, two days of readings a minute, a gap in every night.
void fill(test::StoreBench& store) {
  for (int i = 0; i < kSensors; ++i)
    store.count(fmt::format("S{}", i).c_str(), fmt::format("Door {}", i).c_str(), "1", kNow - 1min, 1, 1);
  auto& db = store.store().db();
  const auto from = count_ms(test::StoreBench::day_begin()) - std::int64_t{kDays} * 86'400'000;
  const auto numbers = [](const char* name, int count) {
    return fmt::format("{0}(n) as (select 0 union all select n + 1 from {0} where n < {1})", name, count - 1);
  };
  db.execute("begin");
  db.execute(fmt::format("update sensor_metadata set created_at = {}", from));
  db.execute(fmt::format(
      "with {0} insert or ignore into hourly_analytics (organization_id, store_id, sensor_id, line, hour_at, "
      "count_in, count_out, readings, updated_at) select 1, 1, s.id, l.column1, {1} + n * 3600000, n % 90, n "
      "% 80, "
      "60, 0 from hours, sensor_metadata s, (values ('1'), ('2')) l",
      numbers("hours", kDays * 24 + 23), from));
  db.execute(
      "insert or ignore into daily_analytics (organization_id, store_id, sensor_id, line, day, count_in, "
      "count_out, "
      "readings, updated_at) select 1, 1, sensor_id, line, hour_at / 86400000, sum(count_in), "
      "sum(count_out), "
      "1440, 0 from hourly_analytics group by sensor_id, line, hour_at / 86400000");
  db.execute(
      fmt::format("with {0} insert into people_counting_raw (change_no, sensor_id, line, started_at, "
                  "duration_ms, count_in, "
                  "count_out, received_at) select 1000 + n * 40 + s.id * 2 + l.column1, s.id, l.column1, {1} "
                  "- n * 60000, 60000, "
                  "1, 1, {1} from minutes, sensor_metadata s, (values ('1'), ('2')) l",
                  numbers("minutes", 2 * 1440), count_ms(kNow) - 120'000));
  db.execute(fmt::format(
      "with {0} insert into coverage (to_at, sensor_id, regional, label, from_at, state, revision) select "
      "{1} + "
      "(n + 1) * 86400000 - 600000, s.id, 0, l.column1, {1} + n * 86400000, 'counting', n + 1 from days, "
      "sensor_metadata s, (values ('1'), ('2')) l",
      numbers("days", kDays), from));
  db.execute(
      R"(update stores set settings = '{"opening_hours": {"monday": [["09:00", "20:00"]], "friday": [["09:00", "22:00"]]}}')");
  db.execute("commit");
}

/// Of this thread, so that a busy machine does not matter.
double processor_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

void measure(const char* what, const std::function<void(int)>& run) {
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    const auto begin = processor_ms();
    run(i);
    times.push_back(processor_ms() - begin);
  }
  std::sort(times.begin(), times.end());
  std::cout << fmt::format("{:<44} {:8.2f} ms {:8.2f} ms  (accept {}, aim {})\n", what,
                           times[times.size() / 2], times[times.size() * 99 / 100], kAccept, kAim);
}

}  // namespace

int main() {
  test::StoreBench store;
  fill(store);
  auto reader = store.reader();
  status::Runtime runtime;
  runtime.state_dir = store.dir();
  runtime.now = [] { return kNow; };
  const auto ask = [&](By by, int days, bool one) {
    return [&reader, by, days, one](int i) {
      const auto sensor = one ? std::optional<std::int64_t>(1 + i % kSensors) : std::nullopt;
      (void)status::dump(status::analytics(reader, {by, kToday - days + 1, kToday, sensor}, kNow));
    };
  };
  std::cout << fmt::format("{:<44} {:>11} {:>11}\n", "20 sensors, 30 days", "median", "99 %");
  measure("the snapshot, as the page gets it",
          [&](int) { (void)status::dump(status::snapshot(reader, runtime)); });
  measure("/api/analytics, a day by hour", ask(By::hour, 1, false));
  measure("/api/analytics, a week by hour", ask(By::hour, 7, false));
  measure("/api/analytics, 31 days by hour", ask(By::hour, 31, false));
  measure("/api/analytics, 31 days by hour, one sensor", ask(By::hour, 31, true));
  measure("/api/analytics, 31 days by day", ask(By::day, 31, false));
  measure("/api/analytics, 400 days by day", ask(By::day, 400, false));
  measure("/api/alerts", [&](int) { (void)status::alerts_response(reader, {"/api/alerts", {}}); });
  return 0;
}
