#include "gateway/counting/counter.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace lintel::counting {

namespace {

using Count = std::optional<std::int64_t>;
using store::Reading;

bool all_zero(const Statement& s) {
  return s.count_in.value_or(0) == 0 && s.count_out.value_or(0) == 0;
}

/// A fall that is really a wrap: from the last tenth of a counter's range into its first tenth.
std::optional<std::int64_t> wrap_of(std::int64_t last, std::int64_t now) {
  for (const std::int64_t range : {std::int64_t{1} << 16, std::int64_t{1} << 32}) {
    if (last < range && last >= range - range / 10 && now < range / 10) return range;
  }
  return std::nullopt;
}

/// How much one channel moved; nullopt where it fell without wrapping.
std::optional<Count> difference(const Count& last, const Count& now, std::uint32_t& flags) {
  if (!now || !last) return Count{};  // a channel stated for the first time is a baseline
  if (*now >= *last) return Count{*now - *last};
  if (const auto range = wrap_of(*last, *now)) {
    flags |= store::kWrapped;
    return Count{*range - *last + *now};
  }
  return std::nullopt;
}

bool same_totals(const SeriesState& state, const Statement& s) {
  return state.total_in == s.count_in && state.total_out == s.count_out;
}

void remember_total(SeriesState& state, const Statement& s) {
  if (s.count_in) state.total_in = s.count_in;
  if (s.count_out) state.total_out = s.count_out;
  state.total_at = s.at;
  state.zero_at = {};
  if (!s.counter_run.empty()) state.counter_run = s.counter_run;
}

std::optional<Reading> count_total(SeriesState& state, const Statement& s) {
  const bool first = !state.total_in && !state.total_out;
  if (!first && s.at < state.total_at) return std::nullopt;
  const bool checked_only = state.basis == Basis::event || state.basis == Basis::interval;
  if (first || checked_only) {
    remember_total(state, s);
    if (!checked_only) state.basis = Basis::total;
    return std::nullopt;
  }
  if (s.at == state.total_at && same_totals(state, s)) return std::nullopt;

  Reading reading{state.total_at, s.at - state.total_at, {}, {}, s.flags, true, false};
  const auto in = difference(state.total_in, s.count_in, reading.flags);
  const auto out = difference(state.total_out, s.count_out, reading.flags);
  const bool began_anew =
      !s.counter_run.empty() && !state.counter_run.empty() && s.counter_run != state.counter_run;
  if (in && out && !began_anew) {
    reading.count_in = *in;
    reading.count_out = *out;
  } else if (all_zero(s) && !began_anew) {
    state.zero_at = s.at;
    return std::nullopt;
  } else {
    if (state.zero_at != UtcMs{}) {
      reading.started = state.zero_at;
      reading.duration = s.at - state.zero_at;
    }
    reading.flags = s.flags | store::kAfterReset;
    reading.count_in = s.count_in;
    reading.count_out = s.count_out;
  }
  remember_total(state, s);
  return reading;
}

std::optional<Reading> count_interval(SeriesState& state, const Statement& s) {
  const bool windowless = s.from == s.at;
  if (windowless && s.retained) return std::nullopt;
  if (state.basis == Basis::total && s.from < state.total_at) return std::nullopt;
  state.basis = Basis::interval;
  state.interval_end = std::max(state.interval_end, s.at);
  state.interval_length = s.at - s.from;
  const bool events_inside = state.event_at >= s.from && state.event_at != UtcMs{};
  return Reading{s.from, s.at - s.from, s.count_in, s.count_out, s.flags, false, events_inside};
}

std::optional<Reading> count_event(SeriesState& state, const Statement& s) {
  if (s.retained) return std::nullopt;
  if (state.basis == Basis::total && s.at < state.total_at) return std::nullopt;
  const bool covered =
      state.basis == Basis::interval && s.at - state.interval_end < 3 * state.interval_length;
  if (covered) return std::nullopt;
  state.basis = Basis::event;
  state.event_at = std::max(state.event_at, s.at);
  return Reading{s.at, Millis{0}, s.count_in, s.count_out, s.flags, true, false};
}

constexpr std::array<const char*, 4> kBasisNames{"none", "event", "interval", "total"};

}  // namespace

std::optional<store::Reading> count(SeriesState& state, const Statement& statement) {
  switch (statement.kind) {
    case bridge::Kind::interval: return count_interval(state, statement);
    case bridge::Kind::event: return count_event(state, statement);
    case bridge::Kind::total: return count_total(state, statement);
    case bridge::Kind::level:
    case bridge::Kind::presence: return std::nullopt;  // people present are not people passing
  }
  return std::nullopt;
}

std::string to_json(const SeriesState& state) {
  nlohmann::json j{{"basis", kBasisNames[static_cast<std::size_t>(state.basis)]}};
  if (state.total_in) j["in"] = *state.total_in;
  if (state.total_out) j["out"] = *state.total_out;
  if (state.total_at != UtcMs{}) j["at"] = count_ms(state.total_at);
  if (state.zero_at != UtcMs{}) j["zero_at"] = count_ms(state.zero_at);
  if (state.event_at != UtcMs{}) j["event_at"] = count_ms(state.event_at);
  if (state.interval_end != UtcMs{}) j["interval_end"] = count_ms(state.interval_end);
  if (state.interval_length != Millis{0}) j["interval"] = state.interval_length.count();
  if (!state.counter_run.empty()) j["run"] = state.counter_run;
  return j.dump();
}

bool from_json(std::string_view text, SeriesState& state) {
  state = {};
  const auto j = nlohmann::json::parse(text, nullptr, false);
  if (!j.is_object()) return false;
  const auto integer = [&](const char* key) -> Count {
    const auto found = j.find(key);
    return found != j.end() && found->is_number_integer() ? Count{found->get<std::int64_t>()} : Count{};
  };
  const auto basis = j.value("basis", std::string());
  const auto* name = std::find(kBasisNames.begin(), kBasisNames.end(), basis);
  if (name == kBasisNames.end()) return false;
  state.basis = static_cast<Basis>(name - kBasisNames.begin());
  state.total_in = integer("in");
  state.total_out = integer("out");
  state.total_at = utc_ms(integer("at").value_or(0));
  state.zero_at = utc_ms(integer("zero_at").value_or(0));
  state.event_at = utc_ms(integer("event_at").value_or(0));
  state.interval_end = utc_ms(integer("interval_end").value_or(0));
  state.interval_length = Millis{integer("interval").value_or(0)};
  if (const auto run = j.find("run"); run != j.end() && run->is_string()) state.counter_run = *run;
  return true;
}

}  // namespace lintel::counting
