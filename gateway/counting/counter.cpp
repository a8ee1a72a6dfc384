#include "gateway/counting/counter.hpp"

#include <algorithm>

namespace lintel::counting {

namespace {

using store::Reading;
using namespace std::chrono_literals;

/// Windows that are this much apart still follow each other.
constexpr int kMissedWindows = 3;
/// A total that moved across a longer silence than so many usual gaps was not watched meanwhile.
constexpr int kMissedTotals = 3;
constexpr Millis kShortSilence = 10min;

/// What a total says about one direction.
struct Move {
  std::int64_t moved = 0;
  Rule rule = Rule::increment;
};

/// More people than can have passed a door in a time: two a second for an hour, two thousand an hour beyond.
std::int64_t most_people(Millis time) {
  const auto busy = std::min<Millis>(time, 1h);
  return 100 + 2 * busy / 1s + 2000 * ((time - busy) / 1h);
}

bool near_the_end(std::int64_t last, std::int64_t now, std::int64_t range) {
  return last < range && last >= range - range / 10 && now < range / 10;
}

/// The end of its range that a falling counter has passed, if that is what happened: the stated one; without
/// one a counter of 16 or 32 bits that fell from the last tenth of its range into the first.
std::optional<std::int64_t> range_of_wrap(std::int64_t last, std::int64_t now,
                                          std::optional<std::int64_t> stated) {
  if (stated) return near_the_end(last, now, *stated) ? stated : std::nullopt;
  for (const std::int64_t range : {std::int64_t{1} << 16, std::int64_t{1} << 32})
    if (near_the_end(last, now, range)) return range;
  return std::nullopt;
}

/// A device that takes back some of what it has counted falls by a little; one that begins again falls to
/// nearly nothing.
bool lowered_a_little(std::int64_t last, std::int64_t now) {
  return last >= 20 && last - now <= std::min<std::int64_t>(last / 10, 50);
}

Move move_of(const Channel& channel, std::int64_t now, const Statement& s, bool began_anew,
             std::int64_t most) {
  const std::int64_t last = *channel.total;
  const auto at_most = [most](Move move) { return move.moved <= most ? move : Move{0, Rule::implausible}; };
  if (began_anew) return at_most({now, Rule::reset});
  if (now >= last) return at_most({now - last, channel.zero ? Rule::zero_was_boot : Rule::increment});
  if (s.restarted) return at_most({now, Rule::reset});
  if (now == 0) return {0, Rule::zero_awaited};
  if (const auto range = range_of_wrap(last, now, s.wraps_at); range && *range - last + now <= most)
    return {*range - last + now, Rule::wrapped};
  if (channel.zero) return at_most({now, Rule::reset});  // the zero before was a reset
  if (lowered_a_little(last, now)) return {0, Rule::lowered};
  return at_most({now, Rule::reset});
}

/// The rule that tells most about a statement that moved both directions.
Rule weightier(Rule a, Rule b) {
  constexpr Rule kByWeight[] = {Rule::implausible, Rule::reset,        Rule::wrapped,
                                Rule::lowered,     Rule::zero_awaited, Rule::zero_was_boot};
  for (const Rule rule : kByWeight)
    if (a == rule || b == rule) return rule;
  return Rule::increment;
}

/// Remembers a key; true if it was there.
bool repeats(SeriesState& state, const Statement& s) {
  if (s.repeat_key.empty()) return false;
  std::string key = std::string(1, "ietlp"[static_cast<std::size_t>(s.kind)]) + std::string(s.repeat_key);
  auto& keys = state.repeat_keys;
  if (std::find(keys.begin(), keys.end(), key) != keys.end()) return true;
  keys[state.next_key] = std::move(key);
  state.next_key = static_cast<std::uint8_t>((state.next_key + 1) % keys.size());
  return false;
}

class TotalCount {
 public:
  TotalCount(SeriesState& state, const Statement& statement)
      : state_(state),
        s_(statement),
        began_anew_(!statement.counter_run.empty() && !state.counter_run.empty() &&
                    statement.counter_run != state.counter_run) {}

  Outcome run() {
    if (!state_.has_totals()) return begin();
    if (s_.at < state_.total_at) return {std::nullopt, Rule::late};
    if (s_.at == state_.total_at && says_nothing_new()) return {std::nullopt, Rule::repeated};
    // Of a total that begins anew every day, yesterday's says nothing about today's.
    if (s_.reset_at && *s_.reset_at > state_.total_at) return after_scheduled_reset();

    const Move in = apply(state_.in, s_.count_in);
    const Move out = apply(state_.out, s_.count_out);
    Outcome outcome{std::nullopt, weightier(in.rule, out.rule)};
    if (outcome.rule == Rule::zero_awaited && in.moved == 0 && out.moved == 0) {
      state_.zero_at = s_.at;
      return outcome;  // the next value above zero tells
    }
    const UtcMs since =
        outcome.rule == Rule::reset && state_.zero_at != UtcMs{} ? state_.zero_at : state_.total_at;
    return finish(since, in, out, outcome);
  }

 private:
  Outcome begin() {
    remember(state_.in, s_.count_in);
    remember(state_.out, s_.count_out);
    state_.in.since = state_.out.since = 0;
    state_.total_at = s_.at;
    state_.counter_run = s_.counter_run;
    return {std::nullopt, Rule::baseline};
  }

  bool says_nothing_new() const {
    return (!s_.count_in || state_.in.total == s_.count_in) &&
           (!s_.count_out || state_.out.total == s_.count_out);
  }

  static void remember(Channel& channel, const std::optional<std::int64_t>& now) {
    if (!now) return;
    channel.total = now;
    channel.zero = false;
  }

  /// A direction stated for the first time is a baseline, one that is not stated stands still.
  Move apply(Channel& channel, const std::optional<std::int64_t>& now) {
    if (!now) return {};
    if (!channel.total) {
      remember(channel, now);
      return {};
    }
    const Move move = move_of(channel, *now, s_, began_anew_, most_people(s_.at - state_.total_at));
    if (move.rule == Rule::zero_awaited) {
      channel.zero = true;  // the old value stays: perhaps it comes back
    } else if (move.rule != Rule::lowered) {
      remember(channel, now);
    }  // a lowered total counts again once it is past what was counted
    return move;
  }

  Outcome after_scheduled_reset() {
    const Move in{s_.count_in.value_or(0), Rule::reset};
    const Move out{s_.count_out.value_or(0), Rule::reset};
    remember(state_.in, s_.count_in);
    remember(state_.out, s_.count_out);
    return finish(*s_.reset_at, in, out, {std::nullopt, Rule::reset});
  }

  /// What the total moved beyond what was counted one by one.
  std::optional<std::int64_t> beyond(Channel& channel, const Move& move,
                                     const std::optional<std::int64_t>& stated, Outcome& outcome) {
    if (!stated) return std::nullopt;
    const std::int64_t owed = move.moved - channel.since;
    if (move.rule == Rule::reset) {
      channel.since = 0;  // before the reset or after it: nobody knows, so nothing is held against it
    } else if (owed < 0) {
      if (channel.since > 0) outcome.disagreement = Disagreement{move.moved, channel.since};
      channel.since = -owed;
    } else {
      channel.since = 0;
    }
    return std::max<std::int64_t>(owed, 0);
  }

  Outcome finish(UtcMs since, const Move& in, const Move& out, Outcome outcome) {
    Reading reading{since, s_.at - since, {}, {}, s_.flags, true, false};
    reading.count_in = beyond(state_.in, in, s_.count_in, outcome);
    reading.count_out = beyond(state_.out, out, s_.count_out, outcome);
    if (outcome.rule == Rule::reset) reading.flags |= store::kAfterReset;
    if (outcome.rule == Rule::wrapped) reading.flags |= store::kWrapped;
    const Millis silence = s_.at - state_.total_at;
    if (silence > kShortSilence &&
        (state_.usual_gap == Millis{0} ? silence > 1h : silence > kMissedTotals * state_.usual_gap))
      reading.flags |= store::kRecovered;
    learn_gap(silence);
    outcome.covered = covered(since, outcome.rule);
    state_.total_at = s_.at;
    state_.zero_at = {};
    if (!s_.counter_run.empty()) state_.counter_run = s_.counter_run;
    // Windows have told this time, and there is nothing to add.
    const bool told = state_.interval_end > since && reading.count_in.value_or(0) == 0 &&
                      reading.count_out.value_or(0) == 0;
    if (!told) outcome.reading = reading;
    return outcome;
  }

  /// Who passed between the last total and a reset is lost, unless it is known when the reset was.
  [[nodiscard]] std::optional<Covered> covered(UtcMs since, Rule rule) const {
    const bool lost = rule == Rule::implausible || rule == Rule::lowered || rule == Rule::zero_awaited ||
                      (rule == Rule::reset && since == state_.total_at);
    if (lost || since >= s_.at) return std::nullopt;
    return Covered{since, s_.at};
  }

  /// Slowly upwards, quickly down: a silence is no rhythm.
  void learn_gap(Millis gap) {
    if (gap <= Millis{0}) return;
    if (state_.usual_gap == Millis{0} || gap < state_.usual_gap) {
      state_.usual_gap = gap;
    } else {
      state_.usual_gap += std::min(gap - state_.usual_gap, state_.usual_gap / 4);
    }
  }

  SeriesState& state_;
  const Statement& s_;
  const bool began_anew_;
};

void note_one_by_one(SeriesState& state, const Statement& s) {
  state.in.since += s.count_in.value_or(0);
  state.out.since += s.count_out.value_or(0);
}

Outcome count_interval(SeriesState& state, const Statement& s) {
  const bool windowless = s.from == s.at;
  if (windowless && s.retained) return {std::nullopt, Rule::retained};
  if (state.has_totals() && s.from < state.total_at) return {std::nullopt, Rule::told_by_total};
  if (state.has_totals()) note_one_by_one(state, s);
  const bool overlaps = !windowless && s.from < state.interval_end;
  state.interval_end = std::max(state.interval_end, s.at);
  state.interval_length = s.at - s.from;
  const bool events_inside = state.event_at != UtcMs{} && state.event_at >= s.from;
  Reading reading{s.from, s.at - s.from, s.count_in, s.count_out, s.flags, windowless, events_inside};
  reading.minus_overlap = overlaps;
  Outcome outcome{reading, Rule::interval};
  if (!windowless) outcome.covered = Covered{s.from, s.at};
  return outcome;
}

Outcome count_event(SeriesState& state, const Statement& s) {
  if (s.retained) return {std::nullopt, Rule::retained};
  if (state.has_totals() && s.at <= state.total_at) return {std::nullopt, Rule::told_by_total};
  if (state.interval_length > Millis{0} && s.at - state.interval_end < kMissedWindows * state.interval_length)
    return {std::nullopt, Rule::told_by_window};
  if (state.has_totals()) note_one_by_one(state, s);
  state.event_at = std::max(state.event_at, s.at);
  return {Reading{s.at, Millis{0}, s.count_in, s.count_out, s.flags, true, false}, Rule::event};
}

}  // namespace

Outcome count(SeriesState& state, const Statement& statement) {
  if (repeats(state, statement)) return {std::nullopt, Rule::repeated};
  switch (statement.kind) {
    case bridge::Kind::interval: return count_interval(state, statement);
    case bridge::Kind::event: return count_event(state, statement);
    case bridge::Kind::total: return TotalCount(state, statement).run();
    case bridge::Kind::level:
    case bridge::Kind::presence: break;
  }
  return {std::nullopt, Rule::no_passage};
}

void swap_device(SeriesState& state) {
  state.in = state.out = {};
  state.zero_at = {};
  state.usual_gap = Millis{0};
  state.repeat_keys = {};
  state.next_key = 0;
}

}  // namespace lintel::counting
