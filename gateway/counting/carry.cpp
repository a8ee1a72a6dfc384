#include "gateway/counting/carry.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace lintel::counting {

namespace {

using nlohmann::json;
using store::CarriedCounter;

Result<void> still_hold(const CarriedCounter& carried) {
  const auto flags = carried.after.flags;
  if ((flags & store::kAfterReset) != 0) {
    return fail(ErrorKind::rejected, "its counter began again after the totals that HQ was told last");
  }
  if (carried.alone && (flags & store::kCorrected) != 0) {
    return fail(ErrorKind::rejected,
                "readings after the totals that HQ was told last were corrected by hand");
  }
  return {};
}

/// Where nothing but totals counts, what came after the total moved it, so it is where the device stood: that
/// shows a reset best. Across the end of a range, or where windows and passages count too, it is only what
/// the next total has told already. Behind a wrap or a hole it may be in what a device shows since it began
/// anew.
Channel channel_of(const CarriedCounter::Channel& told, std::int64_t after, std::int64_t own, bool moved_it,
                   bool unsure) {
  Channel channel;
  if (!told.total) return channel;
  channel.total = *told.total + (moved_it ? after : 0);
  channel.held = told.since + (moved_it || unsure ? 0 : after);
  channel.since = told.since + (moved_it ? 0 : after) + own;
  channel.busiest = told.busiest;
  return channel;
}

}  // namespace

UtcMs told_until(const CarriedCounter& carried) {
  return std::max(carried.at, carried.after.end);
}

Result<void> carry_on(SeriesState& state, const CarriedCounter& carried, const OneByOne& own) {
  if (auto hold = still_hold(carried); !hold) return hold;
  auto in = carried.after.count_in, out = carried.after.count_out;
  if (carried.inverted) std::swap(in, out);
  const bool unsure = carried.after.hole || (carried.after.flags & store::kWrapped) != 0;
  const bool moved_it = carried.alone && !unsure;
  // What fell to a zero that was seen here are these totals.
  const bool at_zero = state.awaits_first() && state.zero_at >= told_until(carried);
  const bool in_fell = at_zero && state.in.zero && carried.in.total.value_or(0) > 0;
  const bool out_fell = at_zero && state.out.zero && carried.out.total.value_or(0) > 0;
  state.in = channel_of(carried.in, in, own.in, moved_it, unsure);
  state.out = channel_of(carried.out, out, own.out, moved_it, unsure);
  if (carried.doubtful) {
    for (auto* channel : {&state.in, &state.out}) channel->lowered = channel->total;
  }
  state.in.zero = in_fell;
  state.out.zero = out_fell;
  state.total_at = told_until(carried);
  if (!at_zero) state.zero_at = {};
  state.usual_gap = carried.gap;
  state.counter_run = carried.run;
  state.carried = true;
  const auto confirmed = at_zero ? kTotalUnconfirmed : kTotalsUnconfirmed;
  state.unconfirmed = static_cast<std::uint8_t>(state.unconfirmed & ~confirmed);
  ++state.jumps;
  return {};
}

FirstTotal::FirstTotal(const Statement& statement) : statement_(statement), run_(statement.counter_run) {
  statement_.counter_run = {};
  statement_.repeat_key = {};
}

Statement FirstTotal::statement() const {
  Statement statement = statement_;
  statement.counter_run = run_;
  return statement;
}

FirstTotals::FirstTotals(store::Database& db)
    : note_(db.prepare(
          "insert into first_totals (sensor_id, line, serial, at, flags, statement) values (?, ?, ?, ?, ?, "
          "?) "
          "on conflict do update set serial = excluded.serial, at = excluded.at, flags = excluded.flags, "
          "statement = excluded.statement")),
      find_(db.prepare("select at, flags, statement from first_totals where sensor_id = ? and line = ? "
                       "and serial = ?")),
      drop_(db.prepare("delete from first_totals where sensor_id = ? and line = ?")),
      shift_(db.prepare("update first_totals set at = at + ?1, flags = flags & ~?2 where flags & ?2 <> 0")) {}

void FirstTotals::note(std::int64_t sensor, std::string_view line, std::string_view serial,
                       const Statement& statement) {
  json rest = json::object();
  if (statement.count_in) rest["in"] = *statement.count_in;
  if (statement.count_out) rest["out"] = *statement.count_out;
  if (statement.wraps_at) rest["wraps_at"] = *statement.wraps_at;
  if (!statement.counter_run.empty()) rest["run"] = statement.counter_run;
  if (statement.uncertainty.count() != 0) rest["uncertainty"] = statement.uncertainty.count();
  // As ages, so that they move with the instant.
  if (statement.reset_at) rest["reset"] = (statement.at - *statement.reset_at).count();
  if (statement.booted_at) rest["uptime"] = (statement.at - *statement.booted_at).count();
  if (statement.restarted) rest["restarted"] = true;
  if (statement.retained) rest["retained"] = true;
  note_
      .bind(sensor, line, serial, count_ms(statement.at), statement.flags,
            rest.dump(-1, ' ', false, json::error_handler_t::replace))
      .run();
}

std::optional<FirstTotal> FirstTotals::find(std::int64_t sensor, std::string_view line,
                                            std::string_view serial) {
  find_.bind(sensor, line, serial);
  if (!find_.step()) {
    find_.reset();
    return std::nullopt;
  }
  Statement statement;
  statement.kind = bridge::Kind::total;
  statement.at = statement.from = utc_ms(find_.integer(0));
  statement.flags = static_cast<std::uint32_t>(find_.integer(1));
  const auto rest = json::parse(find_.text(2), nullptr, false);
  find_.reset();
  if (!rest.is_object()) return std::nullopt;
  const auto number = [&](const char* key) -> std::optional<std::int64_t> {
    const auto found = rest.find(key);
    return found == rest.end() ? std::nullopt : std::optional(found->get<std::int64_t>());
  };
  statement.count_in = number("in");
  statement.count_out = number("out");
  statement.wraps_at = number("wraps_at");
  statement.uncertainty = Millis{number("uncertainty").value_or(0)};
  if (const auto age = number("reset")) statement.reset_at = statement.at - Millis{*age};
  if (const auto age = number("uptime")) statement.booted_at = statement.at - Millis{*age};
  statement.restarted = rest.contains("restarted");
  statement.retained = rest.contains("retained");
  const auto run = rest.value("run", std::string());
  statement.counter_run = run;
  return FirstTotal(statement);
}

void FirstTotals::drop(std::int64_t sensor, std::string_view line) {
  drop_.bind(sensor, line).run();
}

void FirstTotals::shift(Millis by) {
  shift_.bind(by.count(), std::int64_t{store::kMovable}).run();
}

}  // namespace lintel::counting
