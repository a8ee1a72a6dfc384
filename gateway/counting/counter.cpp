#include "gateway/counting/counter.hpp"

#include <algorithm>
#include <utility>

#include "gateway/counting/total_move.hpp"

namespace lintel::counting {

namespace {

using store::Reading;
using namespace std::chrono_literals;

/// Windows that are this much apart still follow each other.
constexpr int kMissedWindows = 3;
/// A total that moved across a longer silence than so many usual gaps was not watched meanwhile.
constexpr int kMissedTotals = 3;
constexpr Millis kShortSilence = 10min;
/// After a first total of zero: so many are people, more are what a starting device had counted before.
constexpr std::int64_t kFewAtFirst = 20;

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
  if (s.retained) return false;  // the message itself may still be on its way
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
    // What the broker kept may be older than the last total, also where that was told to another card.
    if (s_.retained) return {std::nullopt, Rule::retained};
    if (!state_.has_totals()) return begin();
    if (s_.at < std::max(state_.total_at, state_.zero_at)) return late();
    if (s_.at == state_.total_at && says_nothing_new()) return {std::nullopt, Rule::repeated};
    // A clock that stands still: which day's total this is, the next one may tell.
    if (s_.at == state_.total_at && knows_midnight()) return {std::nullopt, Rule::late};
    // Of a total that begins anew every day, yesterday's says nothing about today's.
    if (knows_midnight() && *s_.reset_at > state_.total_at) return after_scheduled_reset();

    if ((s_.count_in && !state_.in.total) || (s_.count_out && !state_.out.total)) ++state_.jumps;
    const auto [in, out] = moves();
    Outcome outcome{std::nullopt, weightier(in.rule, out.rule)};
    if (outcome.rule == Rule::zero_awaited && in.moved == 0 && out.moved == 0) {
      // The next value above zero tells, of both directions: one may show its old value by chance.
      state_.in.zero |= in.rule == Rule::zero_awaited;
      state_.out.zero |= out.rule == Rule::zero_awaited;
      // Who has left zero again came since the last one.
      if (in.rule != Rule::zero_was_boot && out.rule != Rule::zero_was_boot) state_.zero_at = s_.at;
      return outcome;
    }
    apply(state_.in, s_.count_in, in);
    apply(state_.out, s_.count_out, out);
    // Told one by one before the zero or after it: nobody knows.
    doubtful_ |= outcome.rule == Rule::reset && (state_.in.since > 0 || state_.out.since > 0);
    const UtcMs since =
        outcome.rule == Rule::reset && state_.zero_at != UtcMs{} ? state_.zero_at : state_.total_at;
    return finish(since, in, out, outcome);
  }

 private:
  Outcome begin() {
    if (state_.awaits_first()) {
      if (s_.at < state_.zero_at) return {std::nullopt, Rule::late};
      if (!shows_nobody() && few_came(state_.in, s_.count_in) && few_came(state_.out, s_.count_out))
        return since_first_zero();
    }
    if (shows_nobody()) {
      state_.in.zero |= s_.count_in.has_value();
      state_.out.zero |= s_.count_out.has_value();
      state_.total_at = state_.zero_at = s_.at;
      return {std::nullopt, Rule::zero_awaited};
    }
    state_.zero_at = {};
    remember(state_.in, s_.count_in);
    remember(state_.out, s_.count_out);
    state_.in.since = state_.out.since = 0;
    ++state_.jumps;
    state_.total_at = s_.at;
    state_.counter_run = s_.counter_run;
    return {std::nullopt, Rule::baseline};
  }

  [[nodiscard]] bool shows_nobody() const {
    return s_.count_in.value_or(0) == 0 && s_.count_out.value_or(0) == 0;
  }

  static bool few_came(const Channel& channel, const std::optional<std::int64_t>& now) {
    return !channel.zero || now.value_or(0) - channel.since <= kFewAtFirst;
  }

  /// A device that has begun to count, most likely; or one that had counted few and was still starting.
  Outcome since_first_zero() {
    const auto begin = [](Channel& channel, const std::optional<std::int64_t>& now) {
      const Move move{channel.zero ? now.value_or(0) : 0, Rule::increment};
      channel.since = std::min(channel.since, move.moved);  // beyond that it was told of the time before
      remember(channel, now);
      return move;
    };
    const Move in = begin(state_.in, s_.count_in), out = begin(state_.out, s_.count_out);
    ++state_.jumps;
    doubtful_ = true;
    return finish(state_.zero_at, in, out, {std::nullopt, Rule::increment});
  }

  /// A clock that was wrong may have put the last total too far ahead: then the restart came after it.
  Outcome late() {
    if (s_.restarted) {
      for (auto* channel : {&state_.in, &state_.out})
        if (!channel->lowered) channel->lowered = channel->total;
    }
    return {std::nullopt, Rule::late};
  }

  [[nodiscard]] bool names_runs() const { return !s_.counter_run.empty() && !state_.counter_run.empty(); }

  /// A device whose clock is wrong has its midnight at another time: only a fall shows it.
  [[nodiscard]] bool knows_midnight() const { return s_.reset_at && (s_.flags & store::kArrivalTime) == 0; }

  [[nodiscard]] bool missed_totals() const {
    return state_.usual_gap == Millis{0} ? setting_.silence > 1h
                                         : setting_.silence > kMissedTotals * state_.usual_gap;
  }
  /// Between two cards nobody listened, however short that was.
  [[nodiscard]] bool silent() const {
    return state_.carried || (setting_.silence > kShortSilence && missed_totals());
  }

  /// It came long after the time that it states.
  [[nodiscard]] bool kept_back() const { return s_.came_at && *s_.came_at - s_.at > kShortSilence; }

  static bool went_on(const Channel& channel, const std::optional<std::int64_t>& now) {
    return !now || !channel.total || *now >= *channel.total;
  }

  [[nodiscard]] bool says_nothing_new() const {
    return (!s_.count_in || state_.in.total == s_.count_in) &&
           (!s_.count_out || state_.out.total == s_.count_out);
  }

  static void remember(Channel& channel, const std::optional<std::int64_t>& now) {
    if (!now) return;
    channel.total = now;
    channel.zero = false;
    channel.lowered.reset();
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
      channel.lowered = now;  // and counts again once it is past what was counted
      channel.zero = false;
    } else {
      doubtful_ |= channel.lowered.has_value();
      remember(channel, now);
    }
  }

  Outcome on_the_same_day() {
    const auto [in, out] = moves();
    apply(state_.in, s_.count_in, in);
    apply(state_.out, s_.count_out, out);
    return finish(state_.total_at, in, out, {std::nullopt, weightier(in.rule, out.rule)});
  }

  Outcome after_scheduled_reset() {
    const auto most = most_people(s_.at - *s_.reset_at);
    const auto today = [most](const std::optional<std::int64_t>& count) {
      return count.value_or(0) <= most ? Move{count.value_or(0), Rule::reset} : Move{0, Rule::implausible};
    };
    // Kept somewhere and past yesterday's: whether its clock was ahead and it is yesterday's still, nobody
    // knows.
    if (kept_back() && silent() && went_on(state_.in, s_.count_in) && went_on(state_.out, s_.count_out))
      return on_the_same_day();
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
    const bool unwatched = silent();
    Reading reading{since, s_.at - since, {}, {}, s_.flags, true, false};
    reading.count_in = beyond(state_.in, in, s_.count_in, outcome);
    reading.count_out = beyond(state_.out, out, s_.count_out, outcome);
    if (outcome.rule == Rule::reset) reading.flags |= store::kAfterReset;
    if (outcome.rule == Rule::wrapped) reading.flags |= store::kWrapped;
    if (outcome.rule == Rule::reset || outcome.rule == Rule::wrapped || outcome.rule == Rule::implausible)
      ++state_.jumps;
    if (unwatched) reading.flags |= store::kRecovered;
    if (!missed_totals() && !state_.carried) {
      learn_traffic(state_.in, in);
      learn_traffic(state_.out, out);
    }
    if (!state_.carried) learn_gap(setting_.silence);
    state_.carried = false;
    outcome.covered = covered(since, outcome.rule, unwatched);
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
  /// And of a total of today that was silent since yesterday nobody can say whether it fell meanwhile, nor
  /// where its device has another midnight than the store.
  [[nodiscard]] std::optional<Covered> covered(UtcMs since, Rule rule, bool silent) const {
    const bool same_run = names_runs() && !setting_.began_anew;
    const bool own_midnight =
        s_.reset_at && ((silent && (kept_back() || !knows_midnight())) || *s_.reset_at > state_.total_at);
    const bool lost = rule == Rule::implausible || rule == Rule::lowered || rule == Rule::zero_awaited ||
                      (rule == Rule::reset && (since == state_.total_at || doubtful_)) ||
                      (rule == Rule::reset && silent && s_.reset_at == since) ||
                      (own_midnight && since == state_.total_at) ||
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
  if (!state.has_totals() && !state.awaits_first()) return;
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
  // Nothing says when it was: it has no bounds, or its device's clock is not believed.
  const bool no_time = s.from == s.at || (s.flags & store::kArrivalTime) != 0;
  if (s.retained && no_time) return {std::nullopt, Rule::retained};
  const UtcMs from = begin_of(state, s);
  const bool windowless = from == s.at;
  if (state.has_totals() && (from < state.total_at || (windowless && s.at == state.total_at)))
    return {std::nullopt, Rule::told_by_total};
  note_one_by_one(state, s);
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

/// Short, for it tells apart only what happened in one instant (FNV-1a).
std::int64_t hash_of(std::string_view key) {
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return static_cast<std::int32_t>(hash);
}

Outcome count_event(SeriesState& state, const Statement& s) {
  if (s.retained) return {std::nullopt, Rule::retained};
  if (state.has_totals() && s.at <= state.total_at) return {std::nullopt, Rule::told_by_total};
  if (state.interval_length > Millis{0} && s.at - state.interval_end < kMissedWindows * state.interval_length)
    return {std::nullopt, Rule::told_by_window};
  note_one_by_one(state, s);
  Reading reading{s.at, Millis{0}, s.count_in, s.count_out, s.flags, true, false};
  if (s.own_time && !s.repeat_key.empty()) {
    reading.mark = hash_of(s.repeat_key);
    reading.once = s.at <= state.event_at;  // a message of many may come again when its keys are forgotten
  }
  state.event_at = std::max(state.event_at, s.at);
  return {reading, Rule::event};
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

}  // namespace lintel::counting
