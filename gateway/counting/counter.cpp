#include "gateway/counting/counter.hpp"

#include <algorithm>
#include <utility>

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

/// What of a series and a statement decides about both directions alike.
struct Setting {
  bool began_anew = false;  ///< another run of the counter
  bool restarted = false;   ///< the device has started since the last total
  Millis silence{};
  Millis usual_gap{};
};

/// How far a total may have moved across the end of its range. A reset there looks like a wrap and would
/// count what was left to the end, so a wrap is believed only about as far as the door is used to.
std::int64_t most_across_the_end(const Channel& channel, const Setting& setting) {
  const auto gaps = setting.usual_gap.count() > 0 ? setting.silence / setting.usual_gap + 1 : 1;
  return std::min(most_people(setting.silence), 20 + 3 * channel.busiest * gaps);
}

Move move_of(const Channel& channel, std::int64_t now, std::optional<std::int64_t> wraps_at,
             const Setting& setting) {
  const std::int64_t last = *channel.total;
  const std::int64_t most = most_people(setting.silence);
  const auto at_most = [most](Move move) { return move.moved <= most ? move : Move{0, Rule::implausible}; };
  if (setting.began_anew) return at_most({now, Rule::reset});
  if (now >= last) return at_most({now - last, channel.zero ? Rule::zero_was_boot : Rule::increment});
  if (now == 0) return {0, Rule::zero_awaited};
  if (setting.restarted) return at_most({now, Rule::reset});
  if (channel.zero) return at_most({now, Rule::reset});  // the zero before was a reset
  if (const auto range = range_of_wrap(last, now, wraps_at);
      range && *range - last + now <= most_across_the_end(channel, setting))
    return {*range - last + now, Rule::wrapped};
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

/// What tells a statement that comes again: the device's own mark. A window needs none, its natural key does
/// it; but one that was put where it arrived is told by the window that the device stated.
std::string mark_of(const SeriesState& state, const Statement& s) {
  const std::string kind(1, "ietlp"[static_cast<std::size_t>(s.kind)]);
  if (!s.repeat_key.empty()) return kind + std::string(s.repeat_key);
  const bool is_window = s.kind == bridge::Kind::interval && s.from != s.at && s.stated_at;
  const auto knows_windows = [&state] {
    return std::any_of(state.repeat_keys.begin(), state.repeat_keys.end(),
                       [](const std::string& key) { return key.starts_with("w"); });
  };
  if (!is_window || ((s.flags & store::kArrivalTime) == 0 && !knows_windows())) return {};
  return "w" + std::to_string(count_ms(*s.stated_at)) + ":" + std::to_string(s.count_in.value_or(-1)) + "/" +
         std::to_string(s.count_out.value_or(-1));
}

/// Remembers a mark; true if it was there.
bool repeats(SeriesState& state, const Statement& s) {
  std::string key = mark_of(state, s);
  if (key.empty()) return false;
  auto& keys = state.repeat_keys;
  if (std::find(keys.begin(), keys.end(), key) != keys.end()) return true;
  if (key[0] == 'w' && (s.flags & store::kArrivalTime) == 0) return false;
  keys[state.next_key] = std::move(key);
  state.next_key = static_cast<std::uint8_t>((state.next_key + 1) % keys.size());
  return false;
}

class TotalCount {
 public:
  TotalCount(SeriesState& state, const Statement& statement)
      : state_(state),
        s_(statement),
        setting_{names_runs() && statement.counter_run != state.counter_run,
                 statement.restarted || (statement.booted_at && *statement.booted_at > state.total_at),
                 statement.at - state.total_at, state.usual_gap} {}

  Outcome run() {
    if (!state_.has_totals()) return begin();
    // What the broker kept may be older than the last total, and nothing says so.
    if (s_.retained) return {std::nullopt, Rule::retained};
    if (s_.at < std::max(state_.total_at, state_.zero_at)) return {std::nullopt, Rule::late};
    if (s_.at == state_.total_at && says_nothing_new()) return {std::nullopt, Rule::repeated};
    // Of a total that begins anew every day, yesterday's says nothing about today's.
    if (knows_midnight() && *s_.reset_at > state_.total_at) return after_scheduled_reset();

    if ((s_.count_in && !state_.in.total) || (s_.count_out && !state_.out.total)) ++state_.jumps;
    const auto [in, out] = moves();
    apply(state_.in, s_.count_in, in);
    apply(state_.out, s_.count_out, out);
    Outcome outcome{std::nullopt, weightier(in.rule, out.rule)};
    if (outcome.rule == Rule::zero_awaited && in.moved == 0 && out.moved == 0) {
      state_.zero_at = s_.at;
      return outcome;  // the next value above zero tells
    }
    // Told one by one before the zero or after it: nobody knows.
    doubtful_ |= outcome.rule == Rule::reset && (state_.in.since > 0 || state_.out.since > 0);
    const UtcMs since =
        outcome.rule == Rule::reset && state_.zero_at != UtcMs{} ? state_.zero_at : state_.total_at;
    return finish(since, in, out, outcome);
  }

 private:
  Outcome begin() {
    remember(state_.in, s_.count_in);
    remember(state_.out, s_.count_out);
    state_.in.since = state_.out.since = 0;
    ++state_.jumps;
    state_.total_at = s_.at;
    state_.counter_run = s_.counter_run;
    return {std::nullopt, Rule::baseline};
  }

  [[nodiscard]] bool names_runs() const { return !s_.counter_run.empty() && !state_.counter_run.empty(); }

  /// A device whose clock is wrong has its midnight at another time: only a fall shows it.
  [[nodiscard]] bool knows_midnight() const { return s_.reset_at && (s_.flags & store::kArrivalTime) == 0; }

  [[nodiscard]] bool says_nothing_new() const {
    return (!s_.count_in || state_.in.total == s_.count_in) &&
           (!s_.count_out || state_.out.total == s_.count_out);
  }

  static void remember(Channel& channel, const std::optional<std::int64_t>& now) {
    if (!now) return;
    channel.total = now;
    channel.zero = channel.lowered = false;
  }

  /// A direction stated for the first time is a baseline, one that is not stated stands still.
  [[nodiscard]] Move move_of_channel(const Channel& channel, const std::optional<std::int64_t>& now) const {
    return now && channel.total ? move_of(channel, *now, s_.wraps_at, setting_) : Move{};
  }

  /// Who is reset in one direction is reset in the other: what could be a wrap or a start there is none.
  [[nodiscard]] std::pair<Move, Move> moves() const {
    Move in = move_of_channel(state_.in, s_.count_in);
    Move out = move_of_channel(state_.out, s_.count_out);
    const auto follow = [](Move& move, const Move& other, const std::optional<std::int64_t>& now) {
      const bool other_story =
          move.rule == Rule::wrapped || move.rule == Rule::zero_awaited || move.rule == Rule::zero_was_boot;
      if (other.rule == Rule::reset && other_story) move = {*now, Rule::reset};
    };
    follow(in, out, s_.count_in);
    follow(out, in, s_.count_out);
    return {in, out};
  }

  void apply(Channel& channel, const std::optional<std::int64_t>& now, const Move& move) {
    if (!now) return;
    if (move.rule == Rule::zero_awaited) {
      channel.zero = true;  // the old value stays: perhaps it comes back
    } else if (move.rule == Rule::lowered) {
      channel.lowered = true;  // and counts again once it is past what was counted
    } else {
      doubtful_ |= channel.lowered;
      remember(channel, now);
    }
  }

  Outcome after_scheduled_reset() {
    const auto most = most_people(s_.at - *s_.reset_at);
    const auto today = [most](const std::optional<std::int64_t>& count) {
      return count.value_or(0) <= most ? Move{count.value_or(0), Rule::reset} : Move{0, Rule::implausible};
    };
    const Move in = today(s_.count_in), out = today(s_.count_out);
    remember(state_.in, s_.count_in);
    remember(state_.out, s_.count_out);
    return finish(*s_.reset_at, in, out, {std::nullopt, weightier(in.rule, out.rule)});
  }

  /// What the total moved beyond what was counted one by one.
  std::optional<std::int64_t> beyond(Channel& channel, const Move& move,
                                     const std::optional<std::int64_t>& stated, Outcome& outcome) {
    if (!stated) return std::nullopt;
    const std::int64_t owed = move.moved - channel.since + (move.rule == Rule::reset ? channel.held : 0);
    channel.held = 0;
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
    const Millis silence = setting_.silence;
    if (outcome.rule == Rule::reset || outcome.rule == Rule::wrapped || outcome.rule == Rule::implausible)
      ++state_.jumps;
    const bool missed =
        state_.usual_gap == Millis{0} ? silence > 1h : silence > kMissedTotals * state_.usual_gap;
    const bool silent = state_.carried || (silence > kShortSilence && missed);
    if (silent) reading.flags |= store::kRecovered;
    if (!missed && !state_.carried) {
      learn_traffic(state_.in, in);
      learn_traffic(state_.out, out);
    }
    if (!state_.carried) learn_gap(silence);
    state_.carried = false;
    outcome.covered = covered(since, outcome.rule, silent);
    state_.total_at = s_.at;
    state_.zero_at = {};
    if (!s_.counter_run.empty()) state_.counter_run = s_.counter_run;
    // Windows have told this time, and there is nothing to add.
    const bool told = state_.interval_end > since && reading.count_in.value_or(0) == 0 &&
                      reading.count_out.value_or(0) == 0;
    if (!told) outcome.reading = reading;
    return outcome;
  }

  /// Who passed between the last total and a reset is lost, unless it is known when the reset was. Where a
  /// device has restarted, or was seen below its value, a total that is past it again may hide a reset.
  /// And of a total of today that was silent since yesterday nobody can say whether it fell meanwhile.
  [[nodiscard]] std::optional<Covered> covered(UtcMs since, Rule rule, bool silent) const {
    const bool same_run = names_runs() && !setting_.began_anew;
    const bool lost = rule == Rule::implausible || rule == Rule::lowered || rule == Rule::zero_awaited ||
                      (rule == Rule::reset && (since == state_.total_at || doubtful_)) ||
                      (rule == Rule::reset && silent && s_.reset_at == since) ||
                      (!same_run && since == state_.total_at &&
                       (doubtful_ || rule == Rule::zero_was_boot || setting_.restarted));
    if (lost || since >= s_.at) return std::nullopt;
    return Covered{since, s_.at};
  }

  static void learn_traffic(Channel& channel, const Move& move) {
    if (move.rule == Rule::increment) channel.busiest = std::max(channel.busiest, move.moved);
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
  const Setting setting_;
  bool doubtful_ = false;  ///< a direction was seen below its value before
};

void note_one_by_one(SeriesState& state, const Statement& s) {
  state.in.since += s.count_in.value_or(0);
  state.out.since += s.count_out.value_or(0);
}

/// A window that lies where it arrived is as far back as the link was slow: what its neighbours have told
/// already is cut off its beginning.
UtcMs begin_of(const SeriesState& state, const Statement& s) {
  if ((s.flags & store::kArrivalTime) == 0) return s.from;
  return std::min(std::max(s.from, state.interval_end), s.at);
}

Outcome count_interval(SeriesState& state, const Statement& s) {
  if (s.from == s.at && s.retained) return {std::nullopt, Rule::retained};
  const UtcMs from = begin_of(state, s);
  const bool windowless = from == s.at;
  if (state.has_totals() && (from < state.total_at || (windowless && s.at == state.total_at)))
    return {std::nullopt, Rule::told_by_total};
  if (state.has_totals()) note_one_by_one(state, s);
  const bool overlaps = !windowless && from < state.interval_end;
  state.interval_end = std::max(state.interval_end, s.at);
  state.interval_length = s.at - s.from;
  const bool events_inside = state.event_at != UtcMs{} && state.event_at >= from;
  Reading reading{from, s.at - from, s.count_in, s.count_out, s.flags, windowless, events_inside};
  reading.minus_overlap = overlaps;
  // Stored history may come again long after its keys were forgotten, always with the instant it had.
  reading.once = windowless && s.own_time && !s.repeat_key.empty();
  Outcome outcome{reading, Rule::interval};
  if (!windowless) outcome.covered = Covered{from, s.at};
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

void told_before(SeriesState& state, const Statement& statement) {
  if (!state.has_totals()) return;
  const auto less = [](Channel& channel, std::int64_t people) {
    channel.since = std::max<std::int64_t>(0, channel.since - people);
  };
  less(state.in, statement.count_in.value_or(0));
  less(state.out, statement.count_out.value_or(0));
}

void swap_device(SeriesState& state) {
  state.in = state.out = {};
  state.carried = false;
  ++state.jumps;
  state.zero_at = {};
  state.usual_gap = Millis{0};
  state.repeat_keys = {};
  state.next_key = 0;
}

}  // namespace lintel::counting
