#include "gateway/status/analytics.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "gateway/status/calendar.hpp"
#include "gateway/status/read_transaction.hpp"

namespace lintel::status {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using clock::StoreDay;
using store::CoverageState;

struct Counts {
  std::int64_t in = 0, out = 0;
  bool stated = false;  ///< there is a row: perhaps of nobody

  void add(std::int64_t more_in, std::int64_t more_out) {
    in += more_in;
    out += more_out;
    stated = true;
  }
};

/// An hour, or as much of it as is over. Shares are sums over sensors, in ms.
struct Hour {
  UtcMs from{}, to{};
  StoreDay day = 0;
  bool closed = false;
  double expected = 0, covered = 0;
  Counts counts{};
};

struct Sensor {
  Millis interval{0};
  UtcMs known_since{};
  std::optional<UtcMs> gone_at;
  std::map<std::pair<bool, std::string>, std::vector<store::CoverageSpan>>
      series{};  ///< by (regional, label)
};

/// The hours that begin in these days, and what is known of each.
class Hours {
 public:
  Hours(store::Database& reader, const AnalyticsQuery& query, UtcMs now, const Closed& closed)
      : db_(reader),
        query_(query),
        now_(now),
        days_(store_days(reader)),
        begin_(days_.begin(query.from)),
        end_(std::min(days_.begin(query.to + 1), now)) {
    cut();
    const auto shut = closed ? closed : closed_by_hours(db_, begin_, std::max(begin_, end_));
    for (auto& hour : hours_) hour.closed = shut && shut(hour.from, hour.to);
    read_sensors();
    read_spans();
    read_forgotten();
    read_counts();
    reckon();
  }

  [[nodiscard]] const std::vector<Hour>& all() const { return hours_; }
  [[nodiscard]] const clock::StoreDays& days() const { return days_; }
  /// Of what was before, coverage is not kept any more.
  [[nodiscard]] bool forgotten(UtcMs to) const { return to <= forgotten_before_; }

 private:
  void cut() {
    UtcMs from = std::chrono::ceil<std::chrono::hours>(begin_);
    StoreDay day = query_.from;
    UtcMs day_end = days_.begin(day + 1);
    while (from < end_) {
      while (from >= day_end) day_end = days_.begin(++day + 1);
      hours_.push_back({from, std::min(from + 1h, now_), day});
      from += 1h;
    }
  }

  void read_sensors() {
    auto rows =
        db_.prepare("select id, coalesce(interval_ms, 0), created_at, deleted_at from sensor_metadata");
    while (rows.step()) {
      if (query_.sensor && rows.integer(0) != *query_.sensor) continue;
      Sensor sensor{Millis{rows.integer(1)}, utc_ms(rows.integer(2)), std::nullopt};
      if (const auto gone = rows.maybe_integer(3)) sensor.gone_at = utc_ms(*gone);
      sensors_.emplace(rows.integer(0), std::move(sensor));
    }
  }

  void read_spans() {
    auto rows = db_.prepare(
        "select sensor_id, regional, label, from_at, to_at, state from coverage "
        "where to_at > ? and from_at < ? and state <> 'unknown' order by to_at");
    rows.bind(count_ms(begin_ - kStillExpected), count_ms(end_ + 1h));
    while (rows.step()) {
      const auto found = sensors_.find(rows.integer(0));
      if (found == sensors_.end()) continue;
      found->second.series[{rows.integer(1) != 0, std::string(rows.text(2))}].push_back(
          {utc_ms(rows.integer(3)), utc_ms(rows.integer(4)), store::coverage_state_from(rows.text(5))});
    }
  }

  void read_forgotten() {
    auto row = db_.prepare("select removed_before from writer_state");
    if (row.step()) forgotten_before_ = utc_ms(row.integer(0));
  }

  void read_counts() {
    if (hours_.empty() || query_.by == AnalyticsQuery::By::day) return;
    auto rows = db_.prepare(
        "select hour_at, sum(count_in), sum(count_out) from hourly_analytics where hour_at >= ?1 "
        "and hour_at < ?2 and store_id = 1 and (?3 is null or sensor_id = ?3) and region = '' group by "
        "hour_at");
    rows.bind(count_ms(hours_.front().from), count_ms(hours_.back().to), query_.sensor);
    while (rows.step()) {
      if (auto* hour = at(utc_ms(rows.integer(0)))) hour->counts.add(rows.integer(1), rows.integer(2));
    }
  }

  Hour* at(UtcMs instant) {
    if (hours_.empty() || instant < hours_.front().from) return nullptr;
    const auto index = static_cast<std::size_t>((instant - hours_.front().from) / 1h);
    return index < hours_.size() ? &hours_[index] : nullptr;
  }

  void reckon() {
    for (auto& [id, sensor] : sensors_) {
      // People passing come before people present.
      const bool lines = std::any_of(sensor.series.begin(), sensor.series.end(),
                                     [](const auto& series) { return !series.first.first; });
      if (lines) std::erase_if(sensor.series, [](const auto& series) { return series.first.first; });
      if (sensor.series.empty() && !query_.sensor) continue;  // nobody expects anything of it
      expect(sensor);
      for (auto& [label, spans] : sensor.series) cover(sensor, spans);
    }
  }

  void expect(const Sensor& sensor) {
    UtcMs first = sensor.known_since;
    UtcMs last = sensor.gone_at.value_or(now_);
    std::optional<UtcMs> told;
    for (const auto& [label, spans] : sensor.series) {
      first = std::min(first, spans.front().from);
      told = std::max(told.value_or(spans.back().to), spans.back().to);
    }
    if (told && !query_.sensor) last = std::min(last, *told + kStillExpected);
    for (auto& hour : hours_) {
      const auto length = std::min(hour.to, last) - std::max(hour.from, first);
      if (length > Millis{0}) hour.expected += static_cast<double>(length.count());
    }
  }

  void cover(const Sensor& sensor, std::vector<store::CoverageSpan>& spans) {
    auto& last = spans.back();
    if (last.state == CoverageState::counting && now_ - last.to <= lag_of(sensor.interval)) last.to = now_;
    const auto share = 1.0 / static_cast<double>(sensor.series.size());
    for (const auto& span : spans) {
      if (span.state != CoverageState::counting || hours_.empty()) continue;
      const auto first = std::max(span.from, hours_.front().from);
      for (auto* hour = at(first); hour != nullptr && hour->from < span.to; hour = at(hour->from + 1h)) {
        const auto length = std::min(hour->to, span.to) - std::max(hour->from, span.from);
        if (length > Millis{0}) hour->covered += share * static_cast<double>(length.count());
      }
    }
  }

  store::Database& db_;
  const AnalyticsQuery& query_;
  const UtcMs now_;
  const clock::StoreDays days_;
  const UtcMs begin_, end_;
  UtcMs forgotten_before_{};
  std::vector<Hour> hours_;
  std::map<std::int64_t, Sensor> sensors_;
};

/// What a bucket says: `covered` is absent where it is not remembered.
json bucket(UtcMs at, StoreDay day, const Counts& counts, const std::optional<double>& covered, bool closed) {
  const bool anybody = counts.in + counts.out > 0;
  const std::string state = covered         ? state_of(*covered, closed, anybody)
                            : anybody       ? "counted"
                            : closed        ? "closed"
                            : counts.stated ? "counted"
                                            : "missing";
  const bool nobody_counted = state == "missing" || state == "closed";
  return {{"at", format_utc(at)},
          {"day", clock::format_day(day)},
          {"in", nobody_counted ? json(nullptr) : json(counts.in)},
          {"out", nobody_counted ? json(nullptr) : json(counts.out)},
          {"covered", covered ? json(rounded_share(*covered)) : json(nullptr)},
          {"state", state}};
}

double share(double covered, double expected) {
  return expected > 0 ? std::min(1.0, covered / expected) : 0.0;
}

json by_hour(const Hours& hours) {
  auto list = json::array();
  for (const auto& hour : hours.all()) {
    if (hour.expected <= 0 && !hour.counts.stated && list.empty()) continue;  // nobody was there to count
    const auto covered =
        hours.forgotten(hour.to) ? std::nullopt : std::optional(share(hour.covered, hour.expected));
    list.push_back(bucket(hour.from, hour.day, hour.counts, covered, hour.closed));
  }
  return list;
}

struct Day {
  Counts counts;                 ///< all of the day
  std::int64_t in = 0, out = 0;  ///< of these, what belongs to no hour
};

std::map<StoreDay, Day> read_days(store::Database& reader, const AnalyticsQuery& query) {
  std::map<StoreDay, Day> days;
  auto rows = reader.prepare(
      "select day, sum(count_in), sum(count_out), sum(unallocated_in + estimated_in), "
      "sum(unallocated_out + estimated_out) from daily_analytics where day >= ?1 and day <= ?2 "
      "and store_id = 1 and (?3 is null or sensor_id = ?3) and region = '' group by day");
  rows.bind(query.from, query.to, query.sensor);
  while (rows.step()) {
    auto& day = days[static_cast<StoreDay>(rows.integer(0))];
    day.in = rows.integer(3);
    day.out = rows.integer(4);
    day.counts.add(rows.integer(1) + day.in, rows.integer(2) + day.out);
  }
  return days;
}

/// A day is open while one of its hours is; what happens while it is closed says nothing of its coverage.
json by_day(const Hours& hours, const std::map<StoreDay, Day>& days) {
  auto list = json::array();
  const auto& all = hours.all();
  for (auto hour = all.begin(); hour != all.end();) {
    const auto day = hour->day;
    double open = 0, open_covered = 0, expected = 0, covered = 0;
    bool closed = true;
    UtcMs end{};
    for (; hour != all.end() && hour->day == day; ++hour) {
      end = hour->to;
      closed = closed && hour->closed;
      expected += hour->expected;
      covered += hour->covered;
      if (hour->closed) continue;
      open += hour->expected;
      open_covered += hour->covered;
    }
    const auto found = days.find(day);
    const auto sums = found == days.end() ? Day{} : found->second;
    if (expected <= 0 && !sums.counts.stated && list.empty()) continue;
    const auto known = closed ? share(covered, expected) : share(open_covered, open);
    list.push_back(bucket(hours.days().begin(day), day, sums.counts,
                          hours.forgotten(end) ? std::nullopt : std::optional(known), closed));
    if (sums.in + sums.out > 0) list.back()["unallocated"] = {{"in", sums.in}, {"out", sums.out}};
  }
  return list;
}

}  // namespace

json analytics(store::Database& reader, const AnalyticsQuery& query, UtcMs now, const Closed& closed) {
  const ReadTransaction transaction(reader);
  const Hours hours(reader, query, now, closed);
  return query.by == AnalyticsQuery::By::hour ? by_hour(hours) : by_day(hours, read_days(reader, query));
}

}  // namespace lintel::status
