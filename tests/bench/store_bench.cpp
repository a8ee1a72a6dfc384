#include "tests/bench/store_bench.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "gateway/store/store.hpp"

namespace lintel::bench {

namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kMinute = 60'000;
constexpr int kSensors = 20;
const UtcMs kBegin = utc_ms(20'000 * kDay);

using Clock = std::chrono::steady_clock;

double per_second(int rows, Clock::time_point since) {
  return rows / std::chrono::duration<double>(Clock::now() - since).count();
}

std::unique_ptr<store::Store> open(const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  const auto utc = [](const std::string&, int) -> Result<store::Calendar> {
    return store::Calendar{[](UtcMs t) { return count_ms(t) / kDay; },
                           [](std::int64_t day) { return utc_ms(day * kDay); }};
  };
  auto store = store::Store::open(dir, {"", "Bench", "UTC", 0, "bench", "1"}, utc, kBegin);
  if (!store) throw std::runtime_error(store.error().message);
  return std::move(*store);
}

UtcMs start_of(int row) {
  return kBegin + Millis{kMinute * (row / kSensors)};
}

}  // namespace

double store_rate(const std::filesystem::path& dir, int rows, int rows_per_commit) {
  const auto store = open(dir);
  std::vector<std::int64_t> sensors;
  sensors.reserve(kSensors);
  store->begin();
  for (int i = 0; i < kSensors; ++i)
    sensors.push_back(store->sensors().claim(fmt::format("BENCH-{}", i), "", "bench", "bench", kBegin)->id);
  store->commit({1, 0}, "", kBegin);

  const auto since = Clock::now();
  for (int row = 0; row < rows;) {
    store->begin();
    for (int i = 0; i < rows_per_commit && row < rows; ++i, ++row) {
      const store::Reading reading{start_of(row), Millis{kMinute}, row % 7, row % 5, 0, false, false};
      store->readings().put(sensors[static_cast<std::size_t>(row % kSensors)], "1", reading, kBegin);
    }
    store->commit({1, static_cast<std::uint64_t>(row)}, "", kBegin);
  }
  return per_second(rows, since);
}

double raw_rate(const std::filesystem::path& dir, int rows, int rows_per_commit) {
  open(dir).reset();  // the same tables
  auto db = store::Database::open(dir / "lintel.db", store::OpenMode::writer);
  if (!db) throw std::runtime_error(db.error().message);
  auto insert = db->prepare(
      "insert into people_counting_raw (change_no, sensor_id, line, started_at, duration_ms, count_in, "
      "count_out, "
      "received_at) values (?, ?, '1', ?, ?, ?, ?, ?)");
  const auto since = Clock::now();
  for (int row = 0; row < rows;) {
    db->execute("begin immediate");
    for (int i = 0; i < rows_per_commit && row < rows; ++i, ++row)
      insert
          .bind(row + 1, row % kSensors + 1, count_ms(start_of(row)), kMinute, row % 7, row % 5,
                count_ms(kBegin))
          .run();
    db->execute("commit");
  }
  return per_second(rows, since);
}

}  // namespace lintel::bench
