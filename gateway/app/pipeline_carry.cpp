// From the card before this one: where its totals stood, as HQ tells, and what has passed since.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "gateway/app/log.hpp"
#include "gateway/app/pipeline.hpp"
#include "gateway/counting/own_clock.hpp"

namespace lintel::app {

namespace {

constexpr UtcMs kEver{Millis{std::int64_t{1} << 53}};

}  // namespace

void Pipeline::carry(UtcMs now) {
  carrying_ = false;
  for (const auto& carried : carried_.all()) {
    if (take_up(carried, now)) {
      carried_.drop(carried.serial, carried.line);
    } else {
      carrying_ = true;
    }
  }
}

/// A series has begun here with nothing to go on from. HQ's answer may come later, or has come before the
/// sensor was known.
void Pipeline::begin(store::Sensor& sensor, const std::string& line, const counting::Statement& statement,
                     UtcMs arrival) {
  // A zero goes on by itself from what HQ tells while it stands.
  if (!series_.of(sensor.id, line).awaits_first())
    series_.firsts().note(sensor.id, line, sensor.serial, statement);
  if (!carrying_) return;
  const auto carried = carried_.find(sensor.serial, line);
  if (carried && take_up(*carried, arrival)) carried_.drop(sensor.serial, line);
}

/// What is known here already wins. False: the sensor has not been heard.
bool Pipeline::take_up(const store::CarriedCounter& carried, UtcMs now) {
  auto* sensor = store_.sensors().find(carried.serial);
  if (sensor == nullptr) return false;
  const auto* known = series_.look(sensor->id, carried.line);
  if (known != nullptr && known->has_totals()) {
    const auto first = series_.firsts().find(sensor->id, carried.line, sensor->serial);
    if (first) book_late(*sensor, carried, *first, now);
    series_.firsts().drop(sensor->id, carried.line);
    return true;
  }
  auto state = known == nullptr ? counting::SeriesState{} : *known;
  const auto own = one_by_one(*sensor, carried.line, counting::told_until(carried), kEver);
  if (const auto done = counting::carry_on(state, carried, own); !done) {
    log(fmt::format("sensor {} line \"{}\": counting begins anew, not where the card before stood: {}",
                    carried.serial, carried.line, done.error().message));
    return true;
  }
  series_.of(sensor->id, carried.line) = std::move(state);
  return true;
}

/// The first total has been a baseline here. It tells now what passed since the carried ones.
void Pipeline::book_late(store::Sensor& sensor, const store::CarriedCounter& carried,
                         const counting::FirstTotal& first, UtcMs now) {
  counting::SeriesState state;
  const auto own = one_by_one(sensor, carried.line, counting::told_until(carried), first.at());
  const auto done = counting::carry_on(state, carried, own);
  if (!done) {
    log(fmt::format("sensor {} line \"{}\": counting began anew, not where the card before stood: {}",
                    carried.serial, carried.line, done.error().message));
    return;
  }
  const Doubts::Before before{state.in.total, state.out.total};
  const auto statement = first.statement();
  auto outcome = counting::count_on(state, statement);
  coverage_.counted(sensor.id, carried.line, statement, outcome);
  doubts_.note(sensor, carried.line, before, statement, outcome, now);
  if (counted_) counted_(sensor, carried.line, statement, outcome);
  if (!outcome.reading) return;
  outcome.reading->uncertainty = statement.uncertainty;
  face(sensor, carried.line, *outcome.reading);
  (void)put_days(sensor, carried.line, *outcome.reading, now);
}

/// What this card has counted itself in a time that the next total tells of as well.
counting::OneByOne Pipeline::one_by_one(const store::Sensor& sensor, const std::string& line, UtcMs from,
                                        UtcMs to) {
  counting::OneByOne counted;
  auto rows = store_.db().prepare(
      // The key begins with the time; windows are shorter than a day.
      "select started_at + duration_ms, coalesce(count_in, 0), coalesce(count_out, 0) "
      "from people_counting_raw where started_at > ?1 - 86400000 and started_at < ?2 "
      "and started_at + duration_ms > ?1 and sensor_id = ?3 and line = ?4");
  rows.bind(count_ms(from), count_ms(to), sensor.id, line);
  const auto& mapping = installed(sensor.serial).mapping;
  while (rows.step()) {
    const bool inverted = mapping.inverted_at(utc_ms(rows.integer(0)));
    counted.in += rows.integer(inverted ? 2 : 1);
    counted.out += rows.integer(inverted ? 1 : 2);
  }
  return counted;
}

}  // namespace lintel::app
