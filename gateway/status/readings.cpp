#include "gateway/status/readings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace lintel::status {

namespace {

constexpr std::int64_t kHour = 3'600'000;
/// No hour costs more than this, whatever else the store received in it.
constexpr int kMostVisited = 20'000;
constexpr auto kLongestLook = std::chrono::milliseconds{40};
const UtcMs kEarliest = utc_ms(0);
const UtcMs kLatest = utc_ms(253'402'300'799'000);  // the year 9999

// ?1 sensor, ?2 start of the hour; a reading belongs to the hour of its last instant. The inner query
// bounds what is visited.
const std::string kLines = fmt::format(R"(
select line, started_at, duration_ms, count_in, count_out, flags
  from (select * from people_counting_raw where started_at > ?2 - {0} and started_at < ?2 + {0}
         order by started_at desc limit {1})
 where sensor_id = ?1 and duration_ms <= {0}
   and (started_at + max(duration_ms - 1, 0)) / {0} * {0} = ?2)",
                                       kHour, kMostVisited);
const std::string kRegions = fmt::format(R"(
select region, started_at, duration_ms, occupancy, flags
  from (select * from regional_counting_raw where started_at > ?2 - {0} and started_at < ?2 + {0}
         order by started_at desc limit {1})
 where sensor_id = ?1 and (started_at + max(duration_ms - 1, 0)) / {0} * {0} = ?2)",
                                         kHour, kMostVisited);

UtcMs end_of(const Reading& reading) {
  return reading.started + reading.duration;
}

}  // namespace

std::optional<std::int64_t> SensorReadings::hour_before(std::int64_t sensor, std::int64_t before,
                                                        UtcMs from) {
  auto select = db_.prepare(
      "select max(hour_at) from hourly_analytics where store_id = 1 and sensor_id = ? "
      "and hour_at < ? and hour_at > ?");
  select.bind(sensor, before, count_ms(from) - kHour);
  return select.step() ? select.maybe_integer(0) : std::nullopt;
}

void SensorReadings::add_hour(std::vector<Reading>& rows, std::int64_t sensor, std::int64_t hour, UtcMs from,
                              UtcMs to) {
  const auto keep = [&](const Reading& row) {
    if (row.started >= from && row.started < to) rows.push_back(row);
  };
  auto lines = db_.prepare(kLines);
  lines.bind(sensor, hour);
  while (lines.step()) {
    keep({std::string(lines.text(0)),
          {},
          utc_ms(lines.integer(1)),
          Millis{lines.integer(2)},
          lines.maybe_integer(3),
          lines.maybe_integer(4),
          std::nullopt,
          lines.integer(5)});
  }
  auto regions = db_.prepare(kRegions);
  regions.bind(sensor, hour);
  while (regions.step()) {
    keep({{},
          std::string(regions.text(0)),
          utc_ms(regions.integer(1)),
          Millis{regions.integer(2)},
          std::nullopt,
          std::nullopt,
          regions.maybe_integer(3),
          regions.integer(4)});
  }
}

void SensorReadings::add_long(std::vector<Reading>& rows, std::int64_t sensor, UtcMs from, UtcMs to,
                              std::size_t most) {
  auto select = db_.prepare(
      "select line, started_at, duration_ms, count_in, count_out, flags "
      "from people_counting_raw indexed by people_counting_raw_long "
      "where sensor_id = ? and duration_ms > 3600000 and started_at >= ? and started_at < ? "
      "order by started_at desc limit ?");
  select.bind(sensor, count_ms(from), count_ms(to), static_cast<std::int64_t>(most));
  while (select.step()) {
    rows.push_back({std::string(select.text(0)),
                    {},
                    utc_ms(select.integer(1)),
                    Millis{select.integer(2)},
                    select.maybe_integer(3),
                    select.maybe_integer(4),
                    std::nullopt,
                    select.integer(5)});
  }
}

std::optional<Reading> SensorReadings::latest(std::int64_t sensor) {
  std::vector<Reading> rows;
  if (const auto hour = hour_before(sensor, count_ms(kLatest), kEarliest)) {
    add_hour(rows, sensor, *hour, kEarliest, kLatest);
  }
  add_long(rows, sensor, kEarliest, kLatest, 10);
  const auto last = std::max_element(
      rows.begin(), rows.end(), [](const Reading& a, const Reading& b) { return end_of(a) < end_of(b); });
  if (last == rows.end()) return std::nullopt;
  return *last;
}

SensorReadings::Page SensorReadings::between(std::int64_t sensor, UtcMs from, UtcMs to, std::size_t limit) {
  const auto deadline = std::chrono::steady_clock::now() + kLongestLook;
  Page page;
  auto& rows = page.rows;
  // A reading that starts in the range may end in the hour after it.
  auto hour = hour_before(sensor, count_ms(to) + kHour, from);
  while (hour) {
    add_hour(rows, sensor, *hour, from, to);
    const auto earlier = hour_before(sensor, *hour, from);
    // What started before this hour is complete only with the hour before it.
    const UtcMs complete_from = utc_ms(*hour);
    const auto complete = std::count_if(rows.begin(), rows.end(),
                                        [&](const Reading& row) { return row.started >= complete_from; });
    const bool enough =
        static_cast<std::size_t>(complete) > limit || std::chrono::steady_clock::now() >= deadline;
    if (earlier && enough && complete_from < to) {
      page.next_before = complete_from;
      std::erase_if(rows, [&](const Reading& row) { return row.started < complete_from; });
      break;
    }
    hour = earlier;
  }
  add_long(rows, sensor, page.next_before.value_or(from), to, limit + 1);
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
