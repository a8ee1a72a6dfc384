#include "gateway/sync/counters.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "gateway/sync/json_text.hpp"

namespace lintel::sync {

namespace {

using nlohmann::json;
using store::CarriedCounter;

constexpr std::size_t kMostCounters = 900;  // HQ takes 1,000
constexpr std::size_t kLongestRun = 200;    // a longer word cannot be told, and without it a reset would hide
constexpr std::int64_t kTotalsUnconfirmed = 3;

std::int64_t number(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

CarriedCounter::Channel channel(const json& state, const char* key, bool& doubtful) {
  const auto found = state.find(key);
  if (found == state.end() || !found->contains("total")) return {};
  doubtful = doubtful || found->contains("zero") || found->contains("lowered");
  return {number(*found, "total"), number(*found, "since"), number(*found, "busiest")};
}

/// A state as gateway/counting/series_state.cpp writes it. Absent: it has no totals, or none that another
/// card could go on from yet, because their instant is on a clock that may move.
std::optional<StatedCounter> read(std::string_view text) {
  const auto state = json::parse(text, nullptr, false);
  if (!state.is_object()) return std::nullopt;
  StatedCounter out;
  auto& totals = out.totals;
  totals.in = channel(state, "in", totals.doubtful);
  totals.out = channel(state, "out", totals.doubtful);
  totals.at = utc_ms(number(state, "at"));
  if ((!totals.in.total && !totals.out.total) || totals.at <= UtcMs{}) return std::nullopt;
  if ((number(state, "unconfirmed") & kTotalsUnconfirmed) != 0 || state.contains("carried"))
    return std::nullopt;
  totals.gap = Millis{number(state, "gap")};
  totals.run = state.value("run", std::string());
  // PostgreSQL would refuse the whole request for a NUL in it.
  const bool plain = std::none_of(totals.run.begin(), totals.run.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (!plain || totals.run.size() > kLongestRun) return std::nullopt;
  totals.alone = !state.contains("event_at") && !state.contains("interval_end");
  out.jumps = static_cast<std::uint32_t>(number(state, "jumps"));
  return out;
}

/// What a wrap is judged by has become another thing.
bool learnt(const CarriedCounter& before, const CarriedCounter& now) {
  return (before.gap == Millis{0} && now.gap != Millis{0}) || now.in.busiest > 20 + 2 * before.in.busiest ||
         now.out.busiest > 20 + 2 * before.out.busiest;
}

/// `sums`: people in and out, comma between them, as their readings count them.
void less_readings(StatedCounter& counter, std::string_view sums) {
  const auto comma = sums.find(',');
  std::int64_t in = std::strtoll(std::string(sums.substr(0, comma)).c_str(), nullptr, 10);
  std::int64_t out = std::strtoll(std::string(sums.substr(comma + 1)).c_str(), nullptr, 10);
  if (counter.totals.inverted) std::swap(in, out);
  counter.totals.in.since = std::max<std::int64_t>(0, counter.totals.in.since - in);
  counter.totals.out.since = std::max<std::int64_t>(0, counter.totals.out.since - out);
}

std::string key_of(const StatedCounter& counter) {
  return fmt::format("{}/{}/{}", counter.sensor, counter.hq_id, counter.totals.line);
}

}  // namespace

CounterReader::CounterReader(store::Database& reader)
    : select_(reader.prepare(
          "select c.sensor_id, s.hq_id, c.line, c.state, coalesce(s.metadata ->> '$.in_force.invert', 0), "
          // People counted one by one beyond the total are readings that start later, which HQ adds up
          // itself.
          "iif(c.state ->> '$.in.since' > 0 or c.state ->> '$.out.since' > 0, (select "
          "coalesce(sum(r.count_in), 0) "
          "|| ',' || coalesce(sum(r.count_out), 0) from people_counting_raw r where r.started_at >= c.state "
          "->> '$.at' "
          "and (r.started_at > c.state ->> '$.at' or r.duration_ms > 0) and r.sensor_id = c.sensor_id "
          "and r.line = c.line), '0,0') "
          "from counter_state c join sensor_metadata s on s.id = c.sensor_id "
          "where s.hq_id is not null and s.deleted_at is null "
          // Until HQ has answered, who passed before the first total is in no reading yet.
          "and not exists (select 1 from first_totals f join sync_state y on y.counters_owed = 1 "
          "where f.sensor_id = c.sensor_id and f.line = c.line) order by c.sensor_id, c.line")) {}

bool CounterReader::is_owed(const StatedCounter& counter, Instant now,
                            std::chrono::milliseconds every) const {
  const auto found = told_.find(key_of(counter));
  if (found == told_.end()) return true;
  const auto& [before, when] = found->second;
  if (before.totals == counter.totals && before.jumps == counter.jumps) return false;
  return before.jumps != counter.jumps || before.totals.inverted != counter.totals.inverted ||
         before.totals.alone != counter.totals.alone || learnt(before.totals, counter.totals) ||
         now - when >= every;
}

std::vector<StatedCounter> CounterReader::owed(Instant now, std::chrono::milliseconds every) {
  std::vector<StatedCounter> out;
  select_.reset();
  while (out.size() < kMostCounters && select_.step()) {
    auto counter = read(select_.text(3));
    if (!counter) continue;
    counter->sensor = select_.integer(0);
    counter->hq_id = select_.integer(1);
    counter->totals.line = select_.text(2);
    counter->totals.inverted = select_.integer(4) != 0;
    less_readings(*counter, select_.text(5));
    if (is_owed(*counter, now, every)) out.push_back(std::move(*counter));
  }
  select_.reset();
  return out;
}

void CounterReader::told(const std::vector<StatedCounter>& counters, Instant now) {
  for (const auto& counter : counters) told_[key_of(counter)] = {counter, now};
}

void append_counters(std::string& out, const std::vector<StatedCounter>& counters) {
  if (counters.empty()) return;
  out += ",\"counters\":";
  char separator = '[';
  for (const auto& counter : counters) {
    out += separator;
    separator = ',';
    out += "{\"sensor\":";
    append_number(out, counter.hq_id);
    out += ",\"line\":";
    append_json_string(out, counter.totals.line);
    out += ',';
    // An object without its first brace.
    out += store::state_of(counter.totals).dump(-1, ' ', false, json::error_handler_t::replace).substr(1);
  }
  out += ']';
}

std::size_t width_of(const StatedCounter& counter) {
  return 220 + 6 * (counter.totals.line.size() + counter.totals.run.size());
}

}  // namespace lintel::sync
