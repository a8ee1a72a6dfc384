#include "gateway/status/readings.hpp"

#include <algorithm>

namespace lintel::status {

namespace {

constexpr Millis kHour = std::chrono::hours{1};
constexpr auto kLongestLook = std::chrono::milliseconds{40};
/// Instructions of SQLite's machine, some five per row of another sensor that is passed over.
constexpr int kLatestBudget = 1'000'000;
constexpr int kHourBudget = 5'000'000;
const UtcMs kEarliest = utc_ms(0);
const UtcMs kLatest = utc_ms(253'402'300'799'000);  // the year 9999

/// While it lives, a statement that takes more instructions than this ends with SQLITE_INTERRUPT.
class Budget {
 public:
  Budget(store::Database& db, int instructions) : db_(db.handle()) {
    sqlite3_progress_handler(
        db_, instructions, [](void*) { return 1; }, nullptr);
  }
  ~Budget() { sqlite3_progress_handler(db_, 0, nullptr, nullptr); }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

 private:
  sqlite3* db_;
};

UtcMs end_of(const Reading& reading) {
  return reading.started + reading.duration;
}

/// Takes rows, newest first, until there are more than `most` and the last is of another instant.
template <typename Row>
void take(store::Statement& select, std::size_t most, std::vector<Reading>& rows, const Row& row) {
  std::size_t taken = 0;
  while (select.step()) {
    rows.push_back(row(select));
    if (++taken > most && rows.back().started != rows[rows.size() - 2].started) break;
  }
  select.reset();  // an open statement would hold the read transaction
}

Reading line_row(const store::Statement& row) {
  Reading reading;
  reading.line = row.text(0);
  reading.started = utc_ms(row.integer(1));
  reading.duration = Millis{row.integer(2)};
  reading.count_in = row.maybe_integer(3);
  reading.count_out = row.maybe_integer(4);
  reading.flags = row.integer(5);
  return reading;
}

Reading region_row(const store::Statement& row) {
  Reading reading;
  reading.region = row.text(0);
  reading.started = utc_ms(row.integer(1));
  reading.duration = Millis{row.integer(2)};
  reading.occupancy = row.maybe_integer(3);
  reading.flags = row.integer(4);
  return reading;
}

}  // namespace

SensorReadings::SensorReadings(store::Database& reader)
    : db_(reader),
      hour_(reader.prepare("select max(hour_at) from hourly_analytics where store_id = 1 and sensor_id = ? "
                           "and hour_at <= ?")),
      lines_(reader.prepare(
          "select line, started_at, duration_ms, count_in, count_out, flags from people_counting_raw "
          "where sensor_id = ? and started_at >= ? and started_at < ? and duration_ms <= 3600000 "
          "order by started_at desc")),
      regions_(reader.prepare(
          "select region, started_at, duration_ms, occupancy, flags from regional_counting_raw "
          "where sensor_id = ? and started_at >= ? and started_at < ? order by started_at desc")),
      long_(reader.prepare("select line, started_at, duration_ms, count_in, count_out, flags "
                           "from people_counting_raw indexed by people_counting_raw_long "
                           "where sensor_id = ? and duration_ms > 3600000 and started_at >= ? "
                           "and started_at < ? order by started_at desc")) {}

/// The greatest hour before `hour` in which a reading of this sensor may have started. A reading is in the
/// bucket of its last instant, so a bucket speaks for the hour before it as well.
std::optional<UtcMs> SensorReadings::start_hour_before(std::int64_t sensor, UtcMs hour) {
  hour_.bind(sensor, count_ms(hour));
  std::optional<UtcMs> start;
  if (hour_.step() && !hour_.is_null(0)) {
    const auto bucket = utc_ms(hour_.integer(0));
    start = bucket == hour ? hour - kHour : bucket;
  }
  hour_.reset();
  return start;
}

void SensorReadings::add_lines(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to,
                               std::size_t most) {
  lines_.bind(sensor, count_ms(from), count_ms(to));
  take(lines_, most, rows, line_row);
}

void SensorReadings::add_regions(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to,
                                 std::size_t most) {
  regions_.bind(sensor, count_ms(from), count_ms(to));
  take(regions_, most, rows, region_row);
}

void SensorReadings::add_long(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to,
                              std::size_t most) {
  long_.bind(sensor, count_ms(from), count_ms(to));
  take(long_, most, rows, line_row);
}

std::optional<Reading> SensorReadings::latest(std::int64_t sensor) {
  const Budget budget(db_, kLatestBudget);
  std::vector<Reading> rows;
  try {
    if (const auto hour = start_hour_before(sensor, kLatest)) {
      add_lines(rows, sensor, *hour - kHour, *hour + kHour, 1);
      add_regions(rows, sensor, *hour - kHour, *hour + kHour, 1);
    }
    add_long(rows, sensor, kEarliest, kLatest, 10);
  } catch (const store::SqliteError& error) {
    if ((error.code & 0xff) != SQLITE_INTERRUPT) throw;
  }
  const auto last = std::max_element(
      rows.begin(), rows.end(), [](const Reading& a, const Reading& b) { return end_of(a) < end_of(b); });
  if (last == rows.end()) return std::nullopt;
  return *last;
}

SensorReadings::Page SensorReadings::between(std::int64_t sensor, UtcMs from, UtcMs to, std::size_t limit) {
  const auto deadline = std::chrono::steady_clock::now() + kLongestLook;
  const Budget budget(db_, kHourBudget);
  Page page;
  auto& rows = page.rows;
  auto hour = start_hour_before(sensor, std::chrono::ceil<std::chrono::hours>(to));
  while (hour && *hour + kHour > from) {
    add_lines(rows, sensor, std::max(from, *hour), std::min(to, *hour + kHour), limit);
    add_regions(rows, sensor, std::max(from, *hour), std::min(to, *hour + kHour), limit);
    const bool enough = rows.size() > limit || std::chrono::steady_clock::now() >= deadline;
    if (enough && *hour > from) {
      page.next_before = *hour;
      break;
    }
    hour = start_hour_before(sensor, *hour);
  }
  add_long(rows, sensor, page.next_before.value_or(from), to, limit);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Reading& a, const Reading& b) { return a.started > b.started; });
  if (rows.size() <= limit) return page;
  auto end = rows.begin() + static_cast<std::ptrdiff_t>(limit);
  while (end != rows.end() && end->started == std::prev(end)->started) ++end;
  if (end != rows.end()) {
    page.next_before = std::prev(end)->started;
    rows.erase(end, rows.end());
  }
  return page;
}

}  // namespace lintel::status
