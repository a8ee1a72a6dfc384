#include "gateway/counting/occupancies.hpp"

#include <algorithm>

namespace lintel::counting {

namespace {

/// Frames older than this are history: they say nothing of who is there now.
constexpr Millis kHistory = std::chrono::hours{1};

// Rows of a line whose last instant lies in [?3, ?4); the long ones, which are few, have an index of their
// own.
constexpr const char* kPassages = R"(
with r as (
  select * from people_counting_raw
   where sensor_id = ?1 and line = ?2
     and started_at > ?3 - 3600001 and started_at < ?4 and duration_ms <= 3600000
  union all
  select * from people_counting_raw indexed by people_counting_raw_long
   where sensor_id = ?1 and line = ?2 and duration_ms > 3600000 and started_at < ?4)
select started_at, duration_ms, count_in, count_out, flags from r
 where started_at + max(duration_ms - 1, 0) >= ?3 and started_at + max(duration_ms - 1, 0) < ?4
 order by started_at, seq)";

}  // namespace

Occupancies::Occupancies(store::Store& store, SeriesStates& series, CoverageStates& coverage)
    : store_(store),
      series_(series),
      coverage_(coverage),
      rows_(store.db(), store.store_id()),
      alerts_(store.db()),
      passages_(store.db().prepare(kPassages)),
      told_(store.db().prepare("select started_at, occupancy from regional_counting_raw where sensor_id = ? "
                               "and region = ? and started_at >= ? and started_at < ? and seq = 0")) {
  listen();
}

Occupancies::~Occupancies() {
  store_.rollups().set_watch({});
}

void Occupancies::listen() {
  store_.rollups().set_watch([this](std::int64_t sensor, std::string_view line, const store::Reading& reading,
                                    bool fresh) { heard(sensor, line, reading, fresh); });
}

void Occupancies::configure(std::vector<store::RegionInFile> files, OpenSpans open) {
  files_ = std::move(files);
  open_ = std::move(open);
  unsettled_ = true;
}

bool Occupancies::counts(std::int64_t sensor, std::string_view region) const {
  return std::any_of(counted_.begin(), counted_.end(), [&](const Counted& counted) {
    return counted.region.sensor == sensor && counted.region.region == region;
  });
}

void Occupancies::heard(std::int64_t sensor, std::string_view line, const store::Reading& reading,
                        bool fresh) {
  if (targets_.empty()) return;
  const auto found = targets_.find(std::pair{sensor, std::string(line)});
  if (found == targets_.end()) return;
  for (const auto& target : found->second) {
    auto& counted = counted_[target.region];
    if (counted.unknown) continue;
    const auto at = store::last_instant(reading.started, reading.duration);
    if (!counted.now.period.holds(at)) {
      const auto before = period(counted.now.period.from - Millis{1});
      if (before.holds(at)) counted.past = before;
      continue;
    }
    const auto passage = passage_of(reading, target.out_is_in);
    if (fresh && !passage) continue;
    if (!fresh || !take(counted.now, *passage)) {
      counted.unknown = true;
      continue;
    }
    counted.pending.push_back({counted.now.at, counted.now.present, counted.now.uncertain});
  }
}

OccupancyPeriod Occupancies::period(UtcMs at) const {
  if (!period_.holds(at)) period_ = occupancy_period(at, store_.rollups().calendar(), open_);
  return period_;
}

bool Occupancies::due(UtcMs now) {
  wall_ = now;
  if (unsettled_ && !files_.empty()) return true;
  return std::any_of(counted_.begin(), counted_.end(), [&](const Counted& counted) {
    if (counted.unknown || !counted.now.period.holds(now)) return true;
    return counted.now.present > 0 && now - counted.recorded >= kSignOfLife;
  });
}

void Occupancies::load() {
  alerts_.load();
  unsettled_ = true;
  period_ = {};
}

void Occupancies::settle() {
  unsettled_ = false;
  period_ = {};  // the calendar may be another one
  listen();
  sensors_known_ = store_.sensors().all().size();
  rows_.settle(files_, now_);
  counted_.clear();
  stated_.clear();
  targets_.clear();
  const auto regions = rows_.in_force();
  alerts_.keep_only(regions, now_);
  for (const auto& region : regions) {
    if (region.from.empty()) {
      stated_.push_back(region);
      continue;
    }
    Counted counted;
    counted.region = region;
    for (const auto& line : region.from) {
      const auto* sensor = store_.sensors().find(line.sensor);
      if (sensor == nullptr) continue;
      counted.lines.emplace_back(sensor->id, line);
      targets_[{sensor->id, line.line}].push_back({counted_.size(), line.out_is_in});
    }
    counted_.push_back(std::move(counted));
  }
}

void Occupancies::flush() {
  if (now_ == UtcMs{}) return;
  if (unsettled_ || sensors_known_ != store_.sensors().all().size()) settle();
  for (auto& counted : counted_) bring_up(counted);
  judge();
}

void Occupancies::bring_up(Counted& counted) {
  const auto current = period(now_);
  end_before(counted, current);
  if (const auto past = std::exchange(counted.past, std::nullopt)) {
    const auto again = reckon(counted, *past);
    (void)tell_again(counted, again);
    keep(counted, again.end, true);
  }
  if (counted.unknown || counted.now.period != current) {
    begin(counted, current);
  } else {
    for (const auto& level : counted.pending) record(counted, level);
    if (counted.now.present > 0 && now_ - counted.recorded >= kSignOfLife && take(counted.now, {now_})) {
      record(counted, {now_, counted.now.present, counted.now.uncertain});
    }
  }
  counted.pending.clear();
  keep(counted, counted.now, false);
}

/// A period that is over: who is left in it was missed on the way out.
void Occupancies::end_before(Counted& counted, const OccupancyPeriod& current) {
  const auto& before = counted.now.period;
  if (before == OccupancyPeriod{}) {  // ended while we were away
    const auto left = rows_.unfinished(counted.region.sensor, counted.region.region, current.from);
    if (left) counted.past = OccupancyPeriod{left->from, left->to, left->day};
  } else if (before.to <= current.from) {
    if (counted.unknown) {
      counted.past = before;
    } else {
      for (const auto& level : counted.pending) record(counted, level);
      keep(counted, counted.now, true);
    }
  }
}

/// From the raw rows of the period.
void Occupancies::begin(Counted& counted, const OccupancyPeriod& period) {
  const auto reckoned = reckon(counted, period);
  const auto last = tell_again(counted, reckoned);
  counted.now = reckoned.end;
  counted.unknown = false;
  counted.recorded = last;
  // A sign of life stands later than anybody's passage: what comes before it is late.
  if (last > counted.now.at) (void)take(counted.now, {last});
  series_.level_of(counted.region.sensor, counted.region.region) = {counted.now.present, last};
}

OccupancyWalk Occupancies::reckon(const Counted& counted, const OccupancyPeriod& period) {
  std::vector<Passage> passages;
  for (const auto& [sensor, line] : counted.lines) {
    passages_.bind(sensor, line.line, count_ms(period.from), count_ms(period.to));
    while (passages_.step()) {
      store::Reading reading{utc_ms(passages_.integer(0)), Millis{passages_.integer(1)},
                             passages_.maybe_integer(2), passages_.maybe_integer(3),
                             static_cast<std::uint32_t>(passages_.integer(4))};
      if (const auto passage = passage_of(reading, line.out_is_in)) passages.push_back(*passage);
    }
    passages_.reset();
  }
  return walk(period, std::move(passages));
}

/// What was recorded of the period becomes what it is known to have been: rows that are missing come, those
/// that say something else get a new revision.
UtcMs Occupancies::tell_again(const Counted& counted, const OccupancyWalk& walk) {
  std::map<UtcMs, OccupancyLevel> wanted;
  LevelState thinned;
  for (const auto& level : walk.levels) {
    if (is_news(thinned, level.at, level.present)) wanted.emplace(level.at, level);
  }
  UtcMs last = walk.levels.front().at;
  const auto& period = walk.end.period;
  told_.bind(counted.region.sensor, counted.region.region, count_ms(period.from), count_ms(period.to));
  while (told_.step()) {
    const auto at = utc_ms(told_.integer(0));
    const auto level = level_at(walk, at);
    last = std::max(last, at);
    if (told_.maybe_integer(1) == level.present) {
      wanted.erase(at);
    } else {
      wanted.insert_or_assign(at, OccupancyLevel{at, level.present, level.uncertain});
    }
  }
  told_.reset();
  for (const auto& [at, level] : wanted) {
    put(counted, level);
    last = std::max(last, at);
  }
  return last;
}

void Occupancies::record(Counted& counted, const OccupancyLevel& level) {
  counted.recorded = std::max(counted.recorded, level.at);
  if (is_news(series_.level_of(counted.region.sensor, counted.region.region), level.at, level.present)) {
    put(counted, level);
  }
}

void Occupancies::put(const Counted& counted, const OccupancyLevel& level) {
  const store::Presence presence{level.at, level.present, level.uncertain ? store::kRecovered : 0U};
  store_.readings().put(counted.region.sensor, counted.region.region, presence, now_);
  coverage_.rules().level({counted.region.sensor, true, counted.region.region}, level.at);
}

void Occupancies::keep(Counted& counted, const Occupancy& occupancy, bool ended) {
  const auto& period = occupancy.period;
  const store::OccupancyDrift drift{period.from,
                                    period.to,
                                    period.day,
                                    occupancy.below_zero,
                                    ended ? std::optional(occupancy.present) : std::nullopt,
                                    occupancy.uncertain};
  if (!ended && counted.kept == drift) return;
  rows_.keep(counted.region.sensor, counted.region.region, drift);
  if (!ended) counted.kept = drift;
}

void Occupancies::judge() {
  if (wall_ != UtcMs{} && wall_ - now_ > kHistory) return;
  for (const auto& counted : counted_) alerts_.judge(counted.region, counted.now.present, now_);
  for (const auto& region : stated_) {
    const auto& level = series_.level_of(region.sensor, region.region);
    if (level.occupancy) alerts_.judge(region, *level.occupancy, now_);
  }
}

}  // namespace lintel::counting
