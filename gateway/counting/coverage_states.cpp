#include "gateway/counting/coverage_states.hpp"

#include <algorithm>
#include <set>

namespace lintel::counting {

namespace {

/// A window that is longer began before what is looked through after a kill.
constexpr Millis kUsualWindow = std::chrono::hours{1};

}  // namespace

CoverageStates::CoverageStates(store::Database& db, const SeriesStates& series, Options options)
    : series_(series),
      options_(std::move(options)),
      rows_(db),
      rules_([this](const CoverageSeries& of, const CoverageSpan& span) { say(of, span); }),
      growth_written_(options_.clock()) {
  load();
}

bool CoverageStates::by_liveness(std::int64_t sensor, std::string_view line) const {
  const auto* state = series_.look(sensor, line);
  return state != nullptr && !state->has_totals() && !state->awaits_first() &&
         state->interval_length == Millis{0};
}

void CoverageStates::counted(std::int64_t sensor, std::string_view line, const Statement& statement,
                             const Outcome& outcome) {
  rules_.counted({sensor, false, std::string(line)}, statement, outcome, by_liveness(sensor, line));
}

/// Growth of the last span is by far the most frequent, and costs nothing.
void CoverageStates::say(const CoverageSeries& series, const CoverageSpan& span) {
  const auto head = heads_.find(series);
  if (head != heads_.end()) {
    auto& last = head->second.span;
    if (span.state == last.state && span.from >= last.from && span.from <= last.to) {
      if (span.to > last.to) {
        last.to = span.to;
        grown_ = true;
        note_unwritten();
      }
      return;
    }
  }
  waiting_[series].lay(span);
  note_unwritten();
}

void CoverageStates::note_unwritten() {
  if (!unwritten_since_) unwritten_since_ = options_.clock();
}

Millis CoverageStates::since(BootTime then) const {
  return std::chrono::duration_cast<Millis>(options_.clock() - then);
}

bool CoverageStates::overdue() const {
  return (grown_ || !waiting_.empty()) && unwritten_since_ && since(*unwritten_since_) >= options_.idle_every;
}

void CoverageStates::flush() {
  if (!waiting_.empty()) {
    for (const auto& [series, timeline] : waiting_) {
      for (const auto& span : timeline.spans()) write(series, span);
    }
    waiting_.clear();
  }
  if (grown_ && since(growth_written_) >= options_.growth_every) write_growth();
  if (!grown_) unwritten_since_.reset();
}

void CoverageStates::write_growth() {
  for (auto& [series, head] : heads_) {
    if (head.span.to == head.stored_to) continue;
    rows_.grow(series, head.stored_to, head.span.to);
    head.stored_to = head.span.to;
  }
  grown_ = false;
  growth_written_ = options_.clock();
}

void CoverageStates::write(const CoverageSeries& series, const CoverageSpan& span) {
  const auto head = heads_.find(series);
  if (head != heads_.end() && head->second.span.to != head->second.stored_to) {
    rows_.grow(series, head->second.stored_to, head->second.span.to);
    head->second.stored_to = head->second.span.to;
  }
  const auto before = rows_.touching(series, span.from, span.to);
  Timeline timeline(before);
  timeline.lay(span);
  const auto& after = timeline.spans();
  if (after != before) rows_.replace(series, before, after);
  const auto& last = after.back();
  if (head == heads_.end() || last.to >= head->second.span.to) heads_[series] = {last, last.to};
}

void CoverageStates::load() {
  heads_.clear();
  waiting_.clear();
  grown_ = false;
  unwritten_since_.reset();
  rows_.load();
  rules_.forget();
  for (const auto& [series, span] : rows_.latest()) {
    heads_[series] = {span, span.to};
    const bool alive = series.regional || by_liveness(series.sensor, series.label);
    const bool counted = span.state == CoverageState::counting;
    rules_.recall(series, alive, counted ? std::optional(span.to) : std::nullopt);
  }
  find_again();
}

/// Growth that was not written yet when the process was killed, or when a transaction was undone.
void CoverageStates::find_again() {
  UtcMs newest{};
  for (const auto& [series, head] : heads_) newest = std::max(newest, head.stored_to);
  if (newest == UtcMs{}) return;
  const Millis since = std::max(options_.growth_every, options_.idle_every) + kUsualWindow;
  for (const auto& [series, span] : rows_.told_by_readings(newest - since)) {
    const auto head = heads_.find(series);
    if (head == heads_.end() || span.to <= head->second.span.to) continue;
    if (series_.look(series.sensor, series.label) != nullptr && !by_liveness(series.sensor, series.label))
      say(series, span);
  }
}

void CoverageStates::shift(UtcMs from, UtcMs to, Millis delta) {
  flush();
  write_growth();
  std::set<CoverageSeries> touched;
  for (const auto& row : rows_.overlapping(from, to)) touched.insert(row.series);
  const auto low = std::min(from, from + delta), high = std::max(to, to + delta);
  for (const auto& series : touched) {
    const auto before = rows_.touching(series, low, high);
    Timeline timeline(before);
    timeline.shift(from, to, delta);
    rows_.replace(series, before, timeline.spans());
  }
  read_heads();
  rules_.shift(from, to, delta);
}

void CoverageStates::take_back(const CoverageSeries& series, UtcMs from, UtcMs to) {
  flush();
  write_growth();
  rows_.take_back(series, from, to);
  read_heads();
}

void CoverageStates::read_heads() {
  heads_.clear();
  for (const auto& [series, span] : rows_.latest()) heads_[series] = {span, span.to};
}

}  // namespace lintel::counting
