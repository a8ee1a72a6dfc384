#include "gateway/status/coverage.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace lintel::status {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using store::CoverageSpan;
using store::CoverageState;

constexpr Millis kUsualLag = 10min;
constexpr Millis kLagWithoutRhythm = 35min;
constexpr double kWhole = 0.999;

Millis counting_inside(const std::vector<CoverageSpan>& spans, UtcMs from, UtcMs to) {
  Millis sum{0};
  for (const auto& span : spans) {
    if (span.state != CoverageState::counting) continue;
    sum += std::max(std::min(span.to, to) - std::max(span.from, from), Millis{0});
  }
  return sum;
}

}  // namespace

Millis lag_of(Millis interval) {
  return interval > Millis{0} ? std::max(kUsualLag, 3 * interval) : kLagWithoutRhythm;
}

double rounded_share(double share) {
  return std::round(share * 1000) / 1000;
}

const char* state_of(double covered, bool closed, bool anybody) {
  if (closed && !anybody) return "closed";
  if (covered >= kWhole) return "counted";
  return covered <= 1 - kWhole && !anybody ? "missing" : "partly";
}

/// A sensor's series, each reaching up to now where its last span is no older than usual.
struct DayCoverage::Known {
  std::vector<std::vector<CoverageSpan>> series;

  [[nodiscard]] double share(UtcMs from, UtcMs to) const {
    if (series.empty() || from >= to) return 0;
    Millis sum{0};
    for (const auto& spans : series) sum += counting_inside(spans, from, to);
    return static_cast<double>(sum.count()) / static_cast<double>((to - from).count() * std::ssize(series));
  }
};

DayCoverage::DayCoverage(store::Database& reader, UtcMs begin, UtcMs now, Closed closed)
    : begin_(begin),
      now_(now),
      closed_(std::move(closed)),
      last_(reader.prepare("select to_at from coverage where sensor_id = ? and state = 'counting' "
                           "order by to_at desc limit 1")) {
  read_spans(reader);
  read_counts(reader);
}

void DayCoverage::read_spans(store::Database& reader) {
  auto select = reader.prepare(
      "select sensor_id, regional, label, from_at, to_at, state from coverage "
      "where to_at > ? and state <> 'unknown' order by to_at");
  select.bind(count_ms(begin_ - kStillExpected));
  while (select.step()) {
    spans_[{select.integer(0), select.integer(1) != 0, std::string(select.text(2))}].push_back(
        {utc_ms(select.integer(3)), utc_ms(select.integer(4)), store::coverage_state_from(select.text(5))});
  }
}

void DayCoverage::read_counts(store::Database& reader) {
  auto select = reader.prepare(
      "select sensor_id, hour_at, sum(count_in), sum(count_out) from hourly_analytics "
      "where hour_at >= ? and hour_at < ? and store_id = 1 and region = '' group by sensor_id, hour_at");
  select.bind(count_ms(std::chrono::floor<std::chrono::hours>(begin_)), count_ms(now_));
  while (select.step()) {
    counts_[{select.integer(0), select.integer(1)}] = {select.integer(2), select.integer(3)};
  }
}

std::optional<UtcMs> DayCoverage::counted_until(std::int64_t sensor, const Known& known) {
  std::optional<UtcMs> until;
  for (const auto& spans : known.series) {
    for (const auto& span : spans) {
      if (span.state == CoverageState::counting) until = std::max(until.value_or(span.to), span.to);
    }
  }
  if (until) return until;
  last_.bind(sensor);
  if (last_.step()) until = utc_ms(last_.integer(0));
  last_.reset();
  return until;
}

json DayCoverage::hour(const Sensor& sensor, const Known& known, UtcMs from, UtcMs to) const {
  const auto at = std::chrono::floor<std::chrono::hours>(from);
  const auto found = counts_.find({sensor.id, count_ms(at)});
  const Counts counts = found == counts_.end() ? Counts{} : found->second;
  const double covered = known.share(from, to);
  const std::string state = state_of(covered, closed_ && closed_(from, to), counts.in + counts.out > 0);
  const bool nobody_counted = state == "missing" || state == "closed";
  return {{"at", format_utc(UtcMs{at})},
          {"in", nobody_counted ? json(nullptr) : json(counts.in)},
          {"out", nobody_counted ? json(nullptr) : json(counts.out)},
          {"covered", rounded_share(covered)},
          {"state", state}};
}

json DayCoverage::of(const Sensor& sensor) {
  Known known, regions;
  for (const auto& [series, spans] : spans_) {
    if (series.sensor == sensor.id) (series.regional ? regions : known).series.push_back(spans);
  }
  if (known.series.empty()) known = std::move(regions);  // people passing come before people present
  const auto until = counted_until(sensor.id, known);
  for (auto& spans : known.series) {
    auto& last = spans.back();
    if (last.state == CoverageState::counting && now_ - last.to <= lag_of(sensor.interval)) last.to = now_;
  }
  auto hours = json::array();
  double open = 0, counting = 0;
  UtcMs first = sensor.known_since;
  for (const auto& spans : known.series) first = std::min(first, spans.front().from);
  UtcMs from = std::max(begin_, first);
  while (from < now_) {
    const UtcMs to = std::min(UtcMs{std::chrono::floor<std::chrono::hours>(from) + 1h}, now_);
    hours.push_back(hour(sensor, known, from, to));
    if (hours.back()["state"] != "closed") {
      const auto length = static_cast<double>((to - from).count());
      open += length;
      counting += length * known.share(from, to);
    }
    from = to;
  }
  const bool missing =
      until && now_ - *until > lag_of(sensor.interval) && !(closed_ && closed_(*until, now_));
  return {{"coverage", !until || open <= 0 ? json(nullptr) : json(rounded_share(counting / open))},
          {"missing_since", missing ? json(format_utc(*until)) : json(nullptr)},
          {"hours", std::move(hours)}};
}

json coverage_between(store::Database& reader, std::int64_t sensor, UtcMs from, UtcMs to) {
  auto select = reader.prepare(
      "select regional, label, from_at, to_at, state from coverage where to_at > ? and from_at < ? "
      "and sensor_id = ? and state <> 'unknown' order by regional, label, to_at");
  select.bind(count_ms(from), count_ms(to), sensor);
  auto spans = json::array();
  while (select.step()) {
    spans.push_back({{select.integer(0) != 0 ? "region" : "line", select.text(1)},
                     {"from", format_utc(std::max(utc_ms(select.integer(2)), from))},
                     {"to", format_utc(std::min(utc_ms(select.integer(3)), to))},
                     {"state", select.text(4)}});
  }
  return spans;
}

}  // namespace lintel::status
