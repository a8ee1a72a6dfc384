#include "gateway/counting/coverage.hpp"

#include <algorithm>
#include <utility>

namespace lintel::counting {

namespace {

/// What of `span` lies outside of [from, to).
void outside(const CoverageSpan& span, UtcMs from, UtcMs to, std::vector<CoverageSpan>& out) {
  if (span.from < from) out.push_back({span.from, std::min(span.to, from), span.state});
  if (span.to > to) out.push_back({std::max(span.from, to), span.to, span.state});
}

bool apart(const CoverageSpan& span, UtcMs from, UtcMs to) {
  return span.to <= from || span.from >= to;
}

}  // namespace

void Timeline::lay(const CoverageSpan& span) {
  if (span.from >= span.to) return;
  std::vector<CoverageSpan> kept, pieces{span}, rest;
  for (const auto& there : spans_) {
    if (apart(there, span.from, span.to)) {
      kept.push_back(there);
    } else if (there.state < span.state) {
      outside(there, span.from, span.to, kept);
    } else {
      kept.push_back(there);
      rest.clear();
      for (const auto& piece : pieces) outside(piece, there.from, there.to, rest);
      pieces.swap(rest);
    }
  }
  spans_ = std::move(kept);
  spans_.insert(spans_.end(), pieces.begin(), pieces.end());
  settle();
}

void Timeline::take_back(UtcMs from, UtcMs to) {
  std::vector<CoverageSpan> kept;
  for (const auto& there : spans_) {
    if (apart(there, from, to)) {
      kept.push_back(there);
      continue;
    }
    outside(there, from, to, kept);
    kept.push_back({std::max(there.from, from), std::min(there.to, to), CoverageState::unknown});
  }
  spans_ = std::move(kept);
  settle();
}

void Timeline::shift(UtcMs from, UtcMs to, Millis delta) {
  std::vector<CoverageSpan> moved;
  for (const auto& there : spans_) {
    if (apart(there, from, to) || there.state == CoverageState::unknown) continue;
    moved.push_back({std::max(there.from, from) + delta, std::min(there.to, to) + delta, there.state});
  }
  take_back(from, to);
  for (const auto& span : moved) lay(span);
}

/// In order, and what touches its like joined to it.
void Timeline::settle() {
  std::sort(spans_.begin(), spans_.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  std::vector<CoverageSpan> joined;
  for (const auto& span : spans_) {
    if (!joined.empty() && joined.back().to == span.from && joined.back().state == span.state) {
      joined.back().to = span.to;
    } else {
      joined.push_back(span);
    }
  }
  spans_ = std::move(joined);
}

void CoverageRules::tell(const CoverageSeries& series, UtcMs from, UtcMs to, CoverageState state) const {
  if (from < to) say_(series, {from, to, state});
}

void CoverageRules::say_all(const Sensor& sensor, UtcMs from, UtcMs to, CoverageState state) const {
  for (const auto& [series, facts] : sensor.series) tell(series, from, to, state);
}

void CoverageRules::heard(std::int64_t id, const Sign& sign) {
  const auto found = sensors_.find(id);
  if (found == sensors_.end()) return;
  auto& sensor = found->second;
  const bool left = sensor.will_at && sign.at > *sensor.will_at;
  if (left) say_all(sensor, *sensor.will_at, sign.at, CoverageState::down);
  const UtcMs listening = std::min(sensor.up_since.value_or(sign.at), sign.at);
  for (auto& [series, facts] : sensor.series) {
    if (!facts.by_liveness) continue;
    if (facts.since && sign.at <= *facts.since) continue;  // an older sign proves nothing new
    // Where messages wait for us, only the time in which we listened makes a silence.
    const bool missed = facts.since && !sign.queued && *facts.since < listening;
    if (facts.since && !missed && !left &&
        sign.at - (sign.queued ? std::max(*facts.since, listening) : *facts.since) <= sign.patience) {
      tell(series, *facts.since, sign.at, CoverageState::counting);
    }
    facts.since = sign.at;
  }
  if (left) sensor.will_at.reset();
}

void CoverageRules::counted(const CoverageSeries& series, const Statement& statement, const Outcome& outcome,
                            bool by_liveness) {
  const bool stands_alone = outcome.rule == Rule::event || outcome.rule == Rule::interval;
  if (!outcome.covered && !(stands_alone && by_liveness)) return;
  Series& facts = of(series);
  facts.by_liveness = by_liveness && !outcome.covered;
  if (!outcome.covered) {
    if (!facts.since) facts.since = statement.at;
    return;
  }
  auto [from, to] = *outcome.covered;
  // Whatever a total says of a time in which its device counted wrongly is wrong too.
  if (facts.wrong_from && from < facts.wrong_until && to > *facts.wrong_from) {
    to = std::min(to, *facts.wrong_from);
  }
  tell(series, from, to, CoverageState::counting);
  if (facts.wrong_from && outcome.covered->to > facts.wrong_until) facts.wrong_from.reset();
}

void CoverageRules::level(const CoverageSeries& series, UtcMs at) {
  Series& facts = of(series);
  facts.by_liveness = true;
  if (!facts.since) facts.since = at;
}

void CoverageRules::defective(const CoverageSeries& series, UtcMs from, UtcMs at) {
  Series& facts = of(series);
  if (!facts.wrong_from) {
    facts.wrong_from = from;
    facts.wrong_until = from;
  }
  tell(series, *facts.wrong_from, at, CoverageState::down);
  facts.wrong_until = std::max(facts.wrong_until, at);
  facts.since.reset();
}

void CoverageRules::connected(std::int64_t id, bool is, UtcMs at) {
  const auto found = sensors_.find(id);
  if (found == sensors_.end()) return;
  auto& sensor = found->second;
  if (!is) {
    if (!sensor.will_at) sensor.will_at = at;
    return;
  }
  if (!sensor.will_at) return;
  say_all(sensor, *sensor.will_at, at, CoverageState::down);
  for (auto& [series, facts] : sensor.series) facts.since = at;
  sensor.will_at.reset();
}

void CoverageRules::way(std::int64_t id, Way way, UtcMs now) {
  auto& sensor = sensors_[id];
  const auto looked = std::exchange(sensor.looked_at, now);
  if (looked && (now < *looked || now - *looked > kNobodyLooked)) {
    if (sensor.away_since) sensor.away_since = now;
    if (sensor.will_at) sensor.will_at = now;
  }
  if (sensor.will_at) say_all(sensor, *sensor.will_at, now, CoverageState::down);
  if (!way.up && !sensor.away_since) {
    sensor.away_since = now;
    sensor.up_since.reset();
  }
  if (sensor.away_since && !way.queues && now - *sensor.away_since >= kShortBreak) {
    say_all(sensor, *sensor.away_since, now, CoverageState::down);
  }
  if (way.up && !sensor.up_since) {
    sensor.up_since = now;
    sensor.away_since.reset();
  }
}

void CoverageRules::recall(const CoverageSeries& series, bool by_liveness, std::optional<UtcMs> until) {
  Series& facts = of(series);
  facts.by_liveness = by_liveness;
  facts.since = until;
}

void CoverageRules::shift(UtcMs from, UtcMs to, Millis delta) {
  const auto move = [&](std::optional<UtcMs>& at) {
    if (at && *at >= from && *at <= to) *at += delta;
  };
  for (auto& [id, sensor] : sensors_) {
    move(sensor.up_since);
    move(sensor.away_since);
    move(sensor.will_at);
    move(sensor.looked_at);
    for (auto& [series, facts] : sensor.series) {
      move(facts.since);
      if (facts.wrong_from && facts.wrong_until >= from && facts.wrong_until <= to)
        facts.wrong_until += delta;
      move(facts.wrong_from);
    }
  }
}

void CoverageRules::forget() {
  for (auto& [id, sensor] : sensors_) {
    sensor.series.clear();
    sensor.will_at.reset();
  }
}

}  // namespace lintel::counting
