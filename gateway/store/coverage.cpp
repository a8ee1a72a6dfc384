#include "gateway/store/coverage.hpp"

#include <algorithm>
#include <map>

#include "gateway/store/reading.hpp"

namespace lintel::store {

namespace {

CoverageRows::Row row_of(const Statement& row) {
  return {{row.integer(0), row.integer(1) != 0, std::string(row.text(2))},
          {utc_ms(row.integer(3)), utc_ms(row.integer(4)), coverage_state_from(row.text(5))}};
}

/// Nobody knows when inside these people were lost.
constexpr std::int64_t kTellsNothing = kAfterReset | kEstimated | kVoided;

}  // namespace

const char* to_string(CoverageState state) {
  switch (state) {
    case CoverageState::unknown: return "unknown";
    case CoverageState::down: return "down";
    case CoverageState::counting: return "counting";
  }
  return "?";
}

CoverageState coverage_state_from(std::string_view word) {
  if (word == "counting") return CoverageState::counting;
  return word == "down" ? CoverageState::down : CoverageState::unknown;
}

CoverageRows::CoverageRows(Database& db)
    : db_(db),
      touching_(
          db.prepare("select sensor_id, regional, label, from_at, to_at, state from coverage "
                     "where to_at >= ? and sensor_id = ? and regional = ? and label = ? order by to_at")),
      overlapping_(db.prepare("select sensor_id, regional, label, from_at, to_at, state from coverage "
                              "where to_at > ? and from_at < ? order by to_at")),
      // A bare column beside max() is that of the row with the maximum.
      latest_(db.prepare("select sensor_id, regional, label, from_at, max(to_at), state from coverage "
                         "group by sensor_id, regional, label")),
      readings_(db.prepare("select sensor_id, 0, line, started_at, started_at + duration_ms, 'counting' "
                           "from people_counting_raw where started_at >= ? and duration_ms > 0 "
                           "and flags & ? = 0 order by started_at")),
      insert_(db.prepare("insert into coverage (sensor_id, regional, label, from_at, to_at, state, revision) "
                         "values (?, ?, ?, ?, ?, ?, ?)")),
      remove_(db.prepare("delete from coverage where to_at = ? and sensor_id = ? and regional = ? "
                         "and label = ?")),
      grow_(db.prepare("update coverage set to_at = ?, revision = ? where to_at = ? and sensor_id = ? "
                       "and regional = ? and label = ?")),
      news_(db.prepare("update writer_state set coverage_news = ? where id = 1")) {
  load();
}

void CoverageRows::load() {
  // Also after the rows with the highest numbers have gone: HQ must not take what is new for old.
  revision_ = db_.scalar(
      "select max((select coalesce(max(revision), 0) from coverage), (select coverage_news from "
      "writer_state), "
      "(select coverage_told from sync_state))");
}

std::vector<CoverageSpan> CoverageRows::touching(const CoverageSeries& series, UtcMs from, UtcMs to) {
  std::vector<CoverageSpan> spans;
  touching_.bind(count_ms(from), series.sensor, series.regional, series.label);
  while (touching_.step()) {
    const auto span = row_of(touching_).span;
    if (span.from > to) break;  // they come in order and do not overlap
    spans.push_back(span);
  }
  touching_.reset();
  return spans;
}

std::vector<CoverageRows::Row> CoverageRows::overlapping(UtcMs from, UtcMs to) {
  std::vector<Row> rows;
  overlapping_.bind(count_ms(from), count_ms(to));
  while (overlapping_.step()) rows.push_back(row_of(overlapping_));
  overlapping_.reset();
  return rows;
}

std::vector<CoverageRows::Row> CoverageRows::latest() {
  std::vector<Row> rows;
  latest_.bind();
  while (latest_.step()) rows.push_back(row_of(latest_));
  latest_.reset();
  return rows;
}

std::vector<CoverageRows::Row> CoverageRows::told_by_readings(UtcMs from) {
  std::vector<Row> rows;
  readings_.bind(count_ms(from), kTellsNothing);
  while (readings_.step()) rows.push_back(row_of(readings_));
  readings_.reset();
  return rows;
}

void CoverageRows::replace(const CoverageSeries& series, const std::vector<CoverageSpan>& before,
                           const std::vector<CoverageSpan>& after) {
  const auto in = [](const std::vector<CoverageSpan>& spans, const CoverageSpan& span) {
    return std::find(spans.begin(), spans.end(), span) != spans.end();
  };
  for (const auto& span : before) {
    if (!in(after, span)) {
      remove_.bind(count_ms(span.to), series.sensor, series.regional, series.label).run();
    }
  }
  bool changed = false;
  for (const auto& span : after) {
    if (in(before, span)) continue;
    insert_
        .bind(series.sensor, series.regional, series.label, count_ms(span.from), count_ms(span.to),
              to_string(span.state), ++revision_)
        .run();
    changed = true;
  }
  if (changed) news();
}

void CoverageRows::take_back(const CoverageSeries& series, UtcMs from, UtcMs to) {
  const auto before = touching(series, from, to);
  std::vector<CoverageSpan> after;
  for (const auto& span : before) {
    if (span.to <= from || span.from >= to) {
      after.push_back(span);
      continue;
    }
    if (span.from < from) after.push_back({span.from, from, span.state});
    after.push_back({std::max(span.from, from), std::min(span.to, to), CoverageState::unknown});
    if (span.to > to) after.push_back({to, span.to, span.state});
  }
  if (after != before) replace(series, before, after);
}

void CoverageRows::grow(const CoverageSeries& series, UtcMs stored_end, UtcMs to) {
  grow_.bind(count_ms(to), ++revision_, count_ms(stored_end), series.sensor, series.regional, series.label)
      .run();
}

void CoverageRows::news() {
  news_.bind(revision_).run();
}

}  // namespace lintel::store
