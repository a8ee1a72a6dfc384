#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/observation.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/store/reading.hpp"

namespace lintel::counting {

/// An observation whose times have been resolved to UTC.
struct Statement {
  bridge::Kind kind = bridge::Kind::interval;
  UtcMs at{};    ///< instant of the statement; the end of an interval
  UtcMs from{};  ///< start of an interval; equal to `at` otherwise
  std::optional<std::int64_t> count_in;
  std::optional<std::int64_t> count_out;
  std::uint32_t flags = 0;
  bool retained = false;                   ///< the broker repeats state it kept
  std::optional<std::int64_t> wraps_at{};  ///< the total starts again at 0 when it would reach this
  std::string_view repeat_key{};     ///< equal where the device states the same thing again; empty: unknown
  bool restarted = false;            ///< the device says that it has restarted since its last statement
  std::string_view counter_run{};    ///< with another word than before, a total began at 0 again
  Millis uncertainty{0};             ///< of `at`, where it is bounded only (store::kBounded)
  std::optional<UtcMs> reset_at{};   ///< newest scheduled reset at or before `at` (a total "of today")
  std::optional<UtcMs> booted_at{};  ///< the device runs since then
  bool own_time = false;             ///< `at` is what the device says, not when the statement came
  std::optional<UtcMs> stated_at{};  ///< what the device says, also where it cannot be believed
  std::optional<UtcMs> came_at{};    ///< when the statement came
};

/// Which rule decided about a statement: what `lintel explain` prints, in the words of explain().
enum class Rule : std::uint8_t {
  baseline,       ///< the first total of a series, or of another device behind the same door
  increment,      ///< a total rose or stayed
  wrapped,        ///< it passed the end of its range
  reset,          ///< it began again at zero: what it shows now came since
  zero_awaited,   ///< it fell to zero, or began with it: a reset, or a device that is still starting
  zero_was_boot,  ///< after that it is at or above its old value: it was still starting
  lowered,        ///< it fell by a little: the device has corrected itself
  implausible,    ///< it moved further than people can pass: taken as another device's, and nobody is counted
  late,           ///< a total older than the last one
  repeated,       ///< stated before
  interval,       ///< a window counts itself
  event,          ///< a passage counts itself
  told_by_total,  ///< totals of this series have counted that time already
  told_by_window,  ///< windows of this series cover the present
  retained,        ///< the broker repeats what it kept: a later statement contains it
  no_passage,      ///< people present are not people passing
};

/// One sentence for people.
const char* explain(Rule rule);
/// The rule's name as in the README's table, and back; an unknown name is absent.
const char* to_string(Rule rule);
std::optional<Rule> rule_from(std::string_view name);

/// Totals and the windows or passages between them contradict each other: more was stated one by one than
/// the total moved. The total is believed.
struct Disagreement {
  std::int64_t by_total = 0;
  std::int64_t one_by_one = 0;
};

/// A time for which a statement tells of everybody who passed: `from` is part of it, `to` is not.
struct Covered {
  UtcMs from{}, to{};

  friend bool operator==(const Covered&, const Covered&) = default;
};

/// What became of a statement.
struct Outcome {
  std::optional<store::Reading> reading;
  Rule rule = Rule::no_passage;
  std::optional<Disagreement> disagreement{};
  /// Whoever passed then is in the counts now. Absent where a statement tells of no time (a passage) or where
  /// people may have been lost (before a reset); a total covers a silence, although it says nothing of when.
  std::optional<Covered> covered{};
};

/// What counting remembers of one direction of a series' totals.
struct Channel {
  std::optional<std::int64_t> total;  ///< last accepted total
  std::int64_t since = 0;    ///< counted one by one beyond it: the next total has told that much already
  std::int64_t busiest = 0;  ///< the most it moved from one total to the next, in its usual rhythm
  std::int64_t held = 0;     ///< of these, told before totals were carried over: no reset is older
  bool zero = false;         ///< fell to zero, and it is open what that means
  /// Was last seen at this, below `total`: the device took something back. At `total`: it may have restarted
  /// since. Nobody knows what came in between.
  std::optional<std::int64_t> lowered{};

  friend bool operator==(const Channel&, const Channel&) = default;
};

/// In SeriesState::unconfirmed: the instant of its last totals, and both instants of its totals.
constexpr std::uint8_t kTotalUnconfirmed = 1;
constexpr std::uint8_t kTotalsUnconfirmed = 3;

/// What counting remembers of a series from frame to frame. Stored with the readings it led to.
struct SeriesState {
  static constexpr std::size_t kRepeatKeys = 16;

  Channel in, out;
  UtcMs total_at{};         ///< of the last accepted totals
  UtcMs zero_at{};          ///< totals that fell to zero were last seen at zero then
  Millis usual_gap{0};      ///< usual time between two totals; 0 while unknown
  std::string counter_run;  ///< of the last accepted totals; empty: the device names none
  UtcMs event_at{};         ///< last counted event
  UtcMs interval_end{};     ///< last counted interval
  Millis interval_length{0};
  std::array<std::string, kRepeatKeys> repeat_keys{};  ///< the newest, round and round
  std::uint8_t next_key = 0;
  std::uint8_t unconfirmed =
      0;                    ///< which of its instants are on a clock that nobody confirmed (own_clock.hpp)
  bool carried = false;     ///< the totals are those of a card before (carry.hpp): nobody watched since
  std::uint32_t jumps = 0;  ///< how often the totals went on elsewhere than where readings led to

  [[nodiscard]] bool has_totals() const { return in.total || out.total; }
  /// Its totals have shown nothing but zero yet: it counts by totals, and is still starting or has just
  /// begun.
  [[nodiscard]] bool awaits_first() const { return !has_totals() && zero_at != UtcMs{}; }
  friend bool operator==(const SeriesState&, const SeriesState&) = default;
};

/// Applies one statement: the state moves on, and what it adds to the series is returned, if anything.
///
/// A total is the truth; windows and passages are its details, known earlier and more exactly in time. So
/// they count as they come, and the next total counts only what it moved beyond them: what was lost on the
/// way. The rules are a table in gateway/counting/README.md.
[[nodiscard]] Outcome count(SeriesState& state, const Statement& statement);

/// The store had this window already, so it was told one by one before: the next total has to tell it once.
void told_before(SeriesState& state, const Statement& statement);

/// Another device counts behind the same door from now on: its first total is a baseline. What was counted
/// stays.
void swap_device(SeriesState& state);

/// One line of JSON and back; an unreadable one gives a fresh state and false.
std::string to_json(const SeriesState& state);
bool from_json(std::string_view text, SeriesState& state);

}  // namespace lintel::counting
